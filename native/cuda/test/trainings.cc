#include "cuda/test/trainings.h"

#include "core/step/autograd_step.h"
#include "core/step/trainer.h"
#include "core/test/check.h"  // last: see there
#include "core/test/pairs.h"

namespace sparring::test {
namespace {

std::vector<Layer> critic() {
  return {conv("0", 1, 8, 3, 1, 2), layer("leakyRelu", "1", {{"negativeSlope", 0.2}}),
          layer("flatten", "2"), linear("3", 8 * 4 * 4, 1)};
}

}  // namespace

std::vector<Rules> all_rules() {
  const Choice classic{"nonSaturating", {{"labelSmoothing", 0.0}, {"discriminatorLoss", "mean"}}};
  const Choice wasserstein{"wasserstein", {{"weightClip", 0.0}}};
  const auto penalty = [](const char* type, double weight, double every) {
    return Choice{type, {{"weight", weight}, {"every", every}}};
  };
  const auto logit = ScoreKind::kLogit;
  return {
      {.name = "the article's", .objective = classic},
      {.name = "WGAN-GP, k = 3",
       .objective = wasserstein,
       .scores = logit,
       .penalties = {penalty("wganGp", 10, 1)},
       .discriminator_steps = 3,
       .order = Order::kDiscriminatorFirst,
       .shares_fakes = false},
      {.name = "three updates of G", .objective = classic, .scores = logit, .generator_steps = 3},
      // What it carries from update to update is moved by the recording itself.
      {.name = "BEGAN, k = 2",
       .objective = {"boundaryEquilibrium", {{"gamma", 0.75}, {"lambda", 0.5}}},
       .scores = logit,
       .discriminator_steps = 2},
      {.name = "softmax", .objective = {"softmax", {}}, .scores = logit},
      {.name = "the tutorial's", .objective = classic, .order = Order::kDiscriminatorFirst},
      {.name = "fresh fakes", .objective = classic, .shares_fakes = false},
      {.name = "lazy R1, every 4",
       .objective = classic,
       .scores = logit,
       .penalties = {penalty("r1", 10, 4)}},
      {.name = "DiffAugment",
       .objective = classic,
       .scores = logit,
       .augmentations = {"color", "translation", "cutout"}},
      {.name = "ADA", .objective = classic, .scores = logit, .adapts = true},
      {.name = "a falling rate",
       .objective = classic,
       .scores = logit,
       .schedule = {"linear", {{"to", 0.0}, {"steps", 100.0}, {"after", 0.0}}}},
      {.name = "bfloat16",
       .objective = classic,
       .scores = logit,
       .precision = Precision::kBfloat16},
      {.name = "TF32", .objective = classic, .scores = logit, .precision = Precision::kTf32},
      {.name = "mirrored, k = 3",
       .objective = classic,
       .scores = logit,
       .discriminator_steps = 3,
       .flips = true},
      // Its average goes on by an operation of its own.
      {.name = "frozen weights", .objective = classic, .scores = logit, .freezes = true},
  };
}

std::shared_ptr<Pair> pair_by(const Rules& rules) {
  auto pair = pair_of(7, small_generator(5),
                      rules.scores == ScoreKind::kLogit ? critic() : small_discriminator(),
                      rules.objective, rules.scores, at::kFloat, kGpu);
  for (const Choice& penalty : rules.penalties) pair->penalties.push_back(make_penalty(penalty));
  pair->augmentations = make_augmentations(rules.augmentations);
  if (rules.adapts) {
    AdaOptions ada{{1, 8, 8}, {"blit", "geometry", "color"}};
    ada.probability = 0.5;
    pair->ada = std::make_unique<Ada>(ada, at::TensorOptions(kGpu).dtype(at::kFloat));
  }
  pair->discriminator_steps = rules.discriminator_steps;
  pair->generator_steps = rules.generator_steps;
  pair->order = rules.order;
  pair->shares_fakes = rules.shares_fakes;
  pair->precision = rules.precision;
  OptimizerChoice optimizer = adam(2e-4);
  if (rules.discriminator_steps == 1) optimizer.schedule = rules.schedule;
  pair->generator_optimizer = make_optimizer(optimizer, pair->generator->parameters());
  pair->discriminator_optimizer = make_optimizer(optimizer, pair->discriminator->parameters());
  for (Optimizer* one : {pair->generator_optimizer.get(), pair->discriminator_optimizer.get()}) {
    std::vector<bool> stays(one->parameters().size(), false);
    if (rules.freezes) stays[0] = stays[1] = true;
    one->freeze(stays);
  }
  // One that moves between updates is not recorded.
  if (rules.generator_steps > 1) return pair;
  // Its weight changes at every step of these: the ramp lasts longer.
  RandomStream stream(8);
  pair->average = std::make_unique<Average>(
      std::make_shared<Network>(small_generator(5), kGpu, at::kFloat, stream),
      AverageOptions{0.99, 0.05});
  pair->generator_optimizer->lead(pair->average->follows());
  return pair;
}

std::shared_ptr<const Dataset> images(int64_t count) {
  const at::Tensor bytes = at::randint(256, {count, 1, 8, 8}, at::kLong).to(at::kByte);
  return std::make_shared<Dataset>(bytes, kGpu);
}

Trajectory train(const Rules& rules, bool captured, const std::shared_ptr<const Dataset>& data,
                 int64_t steps) {
  const auto pair = pair_by(rules);
  std::unique_ptr<Step> step =
      captured ? make_fused_step(pair) : std::make_unique<AutogradStep>(pair, make_fused(pair));
  if (captured) REQUIRE(step->explain().kind == "replayed");
  Trainer trainer(pair, std::move(step));
  trainer.use(data, 16);
  trainer.flip(rules.flips);
  Trajectory out;
  for (int64_t i = 0; i < steps; ++i) {
    trainer.step();
    const Report report = trainer.report();
    out.losses.push_back(report.generator_loss);
    out.losses.push_back(report.discriminator_loss);
  }
  // Still replayed: nothing in it was refused by the capture.
  if (captured) CHECK(trainer.explain().kind == "replayed");
  std::vector<const Network*> networks = {pair->generator.get(), pair->discriminator.get()};
  if (pair->average) networks.push_back(&pair->average->network());
  for (const Network* const network : networks) {
    for (const auto& [name, tensor] : network->state()) out.weights.push_back(tensor.cpu());
  }
  return out;
}

}  // namespace sparring::test
