#include "core/error.h"
#include "core/step/trainer.h"
#include "core/test/check.h"  // last: see there
#include "core/test/pairs.h"

using namespace sparring;
using namespace sparring::test;

namespace {

// A bias before BatchNorm has no gradient but rounding noise, which Adam's first step takes for a
// direction: here the two executions may differ by that step.
bool is_free(const std::string& name) {
  return name == "l1.0.bias" || name == "conv_blocks.2.bias" || name == "conv_blocks.6.bias";
}

// The state of both networks as one vector, of the free biases or of all else.
at::Tensor weights(const std::shared_ptr<Pair>& pair, bool free) {
  std::vector<at::Tensor> chosen;
  for (const Network* network : {pair->generator.get(), pair->discriminator.get()}) {
    for (const auto& [name, tensor] : network->state()) {
      if (is_free(name) == free) chosen.push_back(tensor.to(at::kDouble).flatten());
    }
  }
  return at::cat(chosen).detach();
}

}  // namespace

TEST_CASE("an unknown objective is refused") {
  CHECK_THROWS_WITH_AS(make_objective({"nonsense", {}}, ScoreKind::kLogit),
                       "Expected a known objective but received nonsense", Error);
}

TEST_CASE("the non-saturating losses at D = 1/2 are log 2, from probabilities and from logits") {
  const double log2 = std::log(2.0);
  for (const auto& [kind, value] :
       {std::pair{ScoreKind::kProbability, 0.5}, {ScoreKind::kLogit, 0.0}}) {
    const auto objective = make_objective(
        {"nonSaturating", {{"labelSmoothing", 0.0}, {"discriminatorLoss", "mean"}}}, kind);
    const at::Tensor scores = at::full({4, 1}, value, at::kDouble);
    CHECK(objective->generator_loss({{}, scores}).item<double>() == doctest::Approx(log2));
    CHECK(objective->discriminator_loss({scores, scores}).item<double>() == doctest::Approx(log2));
  }
}

TEST_CASE(
    "the cross-entropy of a GPU is libtorch's to the bit, and NaN where a probability is none") {
  const at::Tensor scores =
      at::tensor({0.0, 1e-30, 0.25, 0.5, 0.999, 1.0}, at::kFloat).unsqueeze(1).requires_grad_();
  for (const double label : {0.0, 0.9, 1.0}) {
    const at::Tensor target = at::full_like(scores, label);
    const at::Tensor its = at::binary_cross_entropy(scores, target);
    const at::Tensor ours = cross_entropy_or_nan(scores, target);
    CHECK(at::equal(ours, its));
    CHECK(at::equal(torch::autograd::grad({ours}, {scores})[0],
                    torch::autograd::grad({its}, {scores})[0]));
  }
  for (const double none : {std::nan(""), double(INFINITY), -double(INFINITY)}) {
    at::Tensor diverged = scores.detach().clone();
    diverged[2] = none;
    const at::Tensor target = at::ones_like(diverged);
    CHECK(std::isnan(cross_entropy_or_nan(diverged.requires_grad_(), target).item<double>()));
    CHECK_THROWS(binary_cross_entropy(diverged, 1, ScoreKind::kProbability));
  }
}

TEST_CASE("a fused step equals an eager one: 1e-10 in float64, 1e-5 in float32") {
  for (const auto& [precision, bound] : {std::pair{at::kDouble, 1e-10}, {at::kFloat, 1e-5}}) {
    const auto eager = small_pair(1, precision), fused = small_pair(1, precision);
    RandomStream data(9);
    const at::Tensor reals =
        at::rand({8, 1, 8, 8}, data.cpu(), at::TensorOptions(precision)) * 2 - 1;
    const Step::Source next = [&reals] { return Batch{reals, {}}; };
    const Losses a = make_eager_step(eager)->run(next);
    const Losses b = make_fused_step(fused)->run(next);
    CHECK(distance(b.generator.value, a.generator.value) < bound);
    CHECK(distance(b.discriminator.value, a.discriminator.value) < bound);
    const at::Tensor expected = weights(eager, false), received = weights(fused, false);
    const auto relative = [&expected](const at::Tensor& to) {
      return ((to - expected).norm() / expected.norm()).item<double>();
    };
    CHECK(relative(received) < bound);
    CHECK(relative(weights(small_pair(1, precision), false)) > 10 * bound);
    const at::Tensor drift = (weights(fused, true) - weights(eager, true)).abs().max();
    CHECK(drift.item<double>() <= 2 * 2.1e-4);
  }
}

TEST_CASE("a player without parameters is fine in both executions") {
  for (const bool is_fused : {false, true}) {
    const auto pair = small_pair(1, at::kDouble);
    const at::Tensor before = pair->discriminator->state()[0].second.clone();
    pair->discriminator_optimizer = make_optimizer(adam(1e-3), {});
    const auto step = is_fused ? make_fused_step(pair) : make_eager_step(pair);
    const Losses losses = step->run([] { return Batch{at::rand({8, 1, 8, 8}, at::kDouble), {}}; });
    CHECK(losses.discriminator.value.item<double>() > 0);
    CHECK(at::equal(pair->discriminator->state()[0].second, before));
    // A checkpoint is the same whatever wrote it, and a schedule goes on.
    CHECK(pair->discriminator_optimizer->updates() == 1);
  }
}

TEST_CASE(
    "training is repeatable bit for bit, in both executions, and sampling in between changes "
    "nothing") {
  for (const bool is_fused : {false, true}) {
    const auto run = [is_fused](bool sample) {
      const auto pair = small_pair(4, at::kFloat);
      const auto generator = pair->generator, discriminator = pair->discriminator;
      Trainer trainer(pair, is_fused ? make_fused_step(pair) : make_eager_step(pair));
      RandomStream data(2);
      const at::Tensor images =
          at::randint(256, {10, 1, 8, 8}, data.cpu(), at::TensorOptions(at::kByte));
      trainer.use(std::make_shared<Dataset>(images, at::kCPU), 4);
      for (int step = 0; step < 7; ++step) {
        trainer.step();
        if (sample) generator->evaluate(at::randn({2, 5}));
      }
      const Report report = trainer.report();
      CHECK(report.step == 7);
      CHECK(report.images == 24);  // two epochs of 4 + 4 + 2, then 4
      return at::cat({generator->state()[0].second.flatten(),
                      discriminator->state()[0].second.flatten(),
                      at::tensor({report.generator_loss, report.discriminator_loss}, at::kFloat)});
    };
    CHECK(at::equal(run(false), run(true)));
  }
}

TEST_CASE(
    "the discriminator's update does not reach the generator, nor the generator's the "
    "discriminator") {
  const at::Tensor reals = at::rand({8, 1, 8, 8}, at::kDouble);
  const Step::Source next = [&reals] { return Batch{reals, {}}; };
  const auto pair = small_pair(1, at::kDouble), reference = small_pair(1, at::kDouble);
  pair->discriminator_optimizer = make_optimizer(adam(1e-3), {});
  const auto discriminator_before = pair->discriminator->state()[0].second.clone();
  make_eager_step(pair)->run(next);
  make_eager_step(reference)->run(next);
  // Whether or not the discriminator moves afterwards, the generator's first update is the same.
  CHECK(at::equal(pair->generator->state()[0].second, reference->generator->state()[0].second));
  CHECK(at::equal(pair->discriminator->state()[0].second, discriminator_before));
}

TEST_CASE("of a watched step that failed nothing is told, and the next ones are fine") {
  const auto pair = small_pair(3, at::kFloat);
  Trainer trainer(pair, make_fused_step(pair));
  const auto bytes = [](int64_t side) { return at::zeros({8, 1, side, side}, at::kByte); };
  trainer.use(std::make_shared<Dataset>(bytes(5), at::kCPU), 4);
  CHECK_THROWS(trainer.step(/*watched=*/true));
  trainer.use(std::make_shared<Dataset>(bytes(8), at::kCPU), 4);
  trainer.step();
  CHECK(!trainer.report().health.has_value());
  trainer.step(/*watched=*/true);
  CHECK(trainer.report().health->finite);
}

TEST_CASE("data that the device has no room for is refused each time, and what was there goes on") {
  const auto pair = small_pair(3, at::kFloat);
  Trainer trainer(pair, make_fused_step(pair));
  const at::Tensor images = at::zeros({8, 1, 8, 8}, at::kByte);
  const auto data = std::make_shared<Dataset>(images, at::kCPU);
  // Nothing can be copied from there.
  const auto nowhere = std::make_shared<Dataset>(images, at::Device(at::kMeta));
  trainer.use(data, 4);
  trainer.step();
  const at::Tensor order = trainer.snapshot().tensor("sampler.permutation");
  for (int i = 0; i < 2; ++i) CHECK_THROWS(trainer.use(nowhere, 4));
  trainer.use(data, 4);
  trainer.step();
  const Snapshot after = trainer.snapshot();
  CHECK(at::equal(after.tensor("sampler.permutation"), order));
  CHECK(after.count("sampler.position") == 8);
}
