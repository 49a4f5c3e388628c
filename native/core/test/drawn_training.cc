#include "core/test/drawn_training.h"

#include "core/test/check.h"  // last: see there
#include "core/test/drawn_networks.h"
#include "core/test/pairs.h"

namespace sparring::test {
namespace {

// How a pair is trained, drawn too.
struct Rules {
  Choice objective;
  std::string penalty;  // empty: none
  Order order;
  int64_t discriminator_steps, rows;
  std::vector<std::string> augmentations = {};
  bool adapts = false;
  bool shares_fakes = true;
  int64_t generator_steps = 1;
  int64_t parts = 1;  // in which a batch is worked on
};

Rules draw_rules(Drawer& draw, uint32_t seed) {
  const std::string objective = draw.one_of<std::string>(
      {"minimax", "nonSaturating", "leastSquares", "hinge", "wasserstein", "relativisticPaired",
       "relativisticAverage", "boundarySeeking", "energyBased", "boundaryEquilibrium", "softmax"});
  Rules rules{
      {objective,
       {{"labelSmoothing", 0.0},
        {"discriminatorLoss", "mean"},
        {"loss", "logistic"},
        {"weightClip", 0.0},
        {"margin", 0.5},
        {"gamma", 0.5},
        {"lambda", 0.1}}},
      draw.chance(0.3) ? draw.one_of<std::string>({"wganGp", "wganDiv", "r1", "r2", "dragan"}) : "",
      draw.chance(0.5) ? Order::kGeneratorFirst : Order::kDiscriminatorFirst,
      draw.integer(1, 2),
      draw.integer(2, 7)};
  if (draw.chance(0.1)) rules.augmentations = {"color"};
  rules.shares_fakes = draw.chance(0.5);
  rules.generator_steps = draw.integer(1, 2);
  rules.adapts = seed % 10 == 0;
  return rules;
}

// Losses and all that both networks hold, in a row. First weights are off by about `off` of them.
at::Tensor train(const DrawnPair& drawn, const Rules& rules, uint64_t seed,
                 const at::Device& device, bool is_fused, double off = 0) {
  const auto pair = pair_of(seed, drawn.generator, drawn.discriminator, rules.objective,
                            ScoreKind::kLogit, at::kDouble, device);
  for (const auto& network : {pair->generator, pair->discriminator}) {
    for (const at::Tensor& one : network->parameters()) {
      one.detach().mul_(1 + off * at::randn_like(one));
    }
  }
  if (!rules.penalty.empty()) {
    pair->penalties.push_back(
        make_penalty({rules.penalty, {{"weight", 2.0}, {"every", 1.0}, {"power", 3.0}}}));
  }
  pair->augmentations = make_augmentations(rules.augmentations);
  if (rules.adapts) {
    AdaOptions ada{drawn.image, {"blit", "geometry"}};
    ada.probability = 0.5;
    pair->ada = std::make_unique<Ada>(ada, at::TensorOptions(device).dtype(at::kDouble));
  }
  if (drawn.labels != Labels::kNone) pair->latent = {5, 3, 0, /*one_hot=*/true};
  pair->conditional = drawn.labels == Labels::kTaken;
  if (drawn.labels == Labels::kTold) {
    pair->auxiliaries.push_back(make_auxiliary({"acgan", {{"weight", 1.0}}}));
    pair->heads = {3, 0};
  }
  pair->order = rules.order;
  pair->shares_fakes = rules.shares_fakes;
  pair->discriminator_steps = rules.discriminator_steps;
  pair->generator_steps = rules.generator_steps;
  pair->accumulate = rules.parts;
  // Adam would make a step of its own of what is noise.
  pair->generator_optimizer = make_optimizer(descent(0.01), pair->generator->parameters());
  pair->discriminator_optimizer = make_optimizer(descent(0.01), pair->discriminator->parameters());
  const auto step = is_fused ? make_fused_step(pair) : make_eager_step(pair);
  RandomStream data(seed + 1);
  std::vector<at::Tensor> all;
  for (int i = 0; i < 2; ++i) {
    const Losses losses = step->run([&] {
      Shape shape = drawn.image;
      shape.insert(shape.begin(), rules.rows);
      const at::Tensor images = at::rand(shape, data.cpu(), at::TensorOptions(at::kDouble));
      const at::Tensor labels =
          at::randint(3, {rules.rows}, data.cpu(), at::TensorOptions(at::kLong));
      return Batch{(images * 2 - 1).to(device), labels.to(device)};
    });
    all.push_back(at::stack({losses.generator, losses.discriminator}).cpu().to(at::kDouble));
  }
  for (const Network* network : {pair->generator.get(), pair->discriminator.get()}) {
    for (const auto& [name, tensor] : network->state()) {
      all.push_back(tensor.detach().cpu().to(at::kDouble).flatten());
    }
  }
  return at::cat(all);
}

constexpr double kBound = 1e-8;

double apart(const at::Tensor& found, const at::Tensor& expected) {
  return ((found - expected).abs() / expected.abs().clamp_min(1)).max().item<double>();
}

// What a training says of another that has to be the same.
enum class Verdict { kAlike, kOther, kNothing };

// Nothing, where it is itself torn between two values: at the corner of a ReLU, say, by an exact
// zero. And a training that blows up does so with every digit.
template <class Train>
Verdict compare(const at::Tensor& found, const at::Tensor& expected, const Train& again) {
  const bool ends = expected.isfinite().all().item<bool>();
  if (ends != found.isfinite().all().item<bool>()) return Verdict::kOther;
  if (!ends) return Verdict::kNothing;
  if (apart(found, expected) < kBound) return Verdict::kAlike;
  if (expected.abs().max().item<double>() > 1e6) return Verdict::kNothing;
  for (int i = 0; i < 5; ++i) {
    if (apart(again(), expected) > kBound) return Verdict::kNothing;
  }
  return Verdict::kOther;
}

// Of a batch in parts nobody sees the rest: not the normalisation, nor what draws numbers.
bool knows_no_batch(const std::string& network) {
  return network.find("batchNorm") == std::string::npos &&
         network.find("dropout") == std::string::npos &&
         network.find("gaussianNoise") == std::string::npos;
}

}  // namespace

bool check_drawn(uint32_t seed, const at::Device& device) {
  Drawer draw(seed);
  const DrawnPair drawn = draw_pair(draw);
  Rules rules = draw_rules(draw, seed);
  const std::string generator = text_of(drawn.generator);
  const std::string discriminator = text_of(drawn.discriminator);
  CAPTURE(seed);
  CAPTURE(generator);
  CAPTURE(discriminator);
  CAPTURE(rules.objective.type);
  CAPTURE(rules.penalty);
  CAPTURE(rules.rows);
  const at::Tensor eager = train(drawn, rules, seed, device, false);
  const auto again = [&, whole = rules] { return train(drawn, whole, seed, device, false, 1e-13); };
  const Verdict verdict = compare(train(drawn, rules, seed, device, true), eager, again);
  CHECK(verdict != Verdict::kOther);
  // In parts a generator that moves second has fresh fakes: the graph of all of them would wait.
  const bool waits = rules.order == Order::kDiscriminatorFirst && rules.shares_fakes;
  if (!waits && knows_no_batch(generator + discriminator)) {
    rules.parts = draw.integer(2, rules.rows);
    CAPTURE(rules.parts);
    CHECK(compare(train(drawn, rules, seed, device, true), eager, again) != Verdict::kOther);
  }
  return verdict == Verdict::kAlike;
}

void train_drawn(uint32_t seed) {
  Drawer draw(seed);
  const DrawnPair drawn = draw_pair(draw);
  train(drawn, draw_rules(draw, seed), seed, at::kCPU, /*is_fused=*/true);
}

}  // namespace sparring::test
