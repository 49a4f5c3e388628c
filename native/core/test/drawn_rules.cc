#include "core/test/drawn_rules.h"

#include "core/test/pairs.h"

namespace sparring::test {

DrawnRules draw_rules(Drawer& draw, uint32_t seed) {
  const std::string objective = draw.one_of<std::string>(
      {"minimax", "nonSaturating", "leastSquares", "hinge", "wasserstein", "relativisticPaired",
       "relativisticAverage", "boundarySeeking", "energyBased", "boundaryEquilibrium", "softmax"});
  DrawnRules rules{
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
  if (seed % 3 == 0) rules.last_rows = 1 + seed % rules.rows;
  if (seed % 5 == 3) rules.frozen = 0.5;
  return rules;
}

int64_t rows_of(const DrawnRules& rules, int64_t i) {
  return rules.last_rows > 0 && i % 3 == 2 ? rules.last_rows : rules.rows;
}

// Of a batch in parts nobody sees the rest: not the normalisation, nor what draws numbers.
// Trainings of such networks in parts are only those of both executions.
bool knows_no_batch(const std::string& networks) {
  return networks.find("batchNorm") == std::string::npos &&
         networks.find("dropout") == std::string::npos &&
         networks.find("gaussianNoise") == std::string::npos &&
         networks.find("noiseInjection") == std::string::npos &&
         networks.find("mixing 0.") == std::string::npos;
}

std::shared_ptr<Pair> make_drawn(const DrawnPair& drawn, const DrawnRules& rules, uint64_t seed,
                                 const at::TensorOptions& options) {
  auto pair =
      pair_of(seed, drawn.generator, drawn.discriminator, rules.objective, ScoreKind::kLogit,
              c10::typeMetaToScalarType(options.dtype()), options.device());
  if (!rules.penalty.empty()) {
    add_penalty(*pair, {rules.penalty, {{"weight", 2.0}, {"every", 1.0}, {"power", 3.0}}});
  }
  if (rules.penalises_paths) {
    add_penalty(*pair, {"pathLength", {{"weight", 1.0}, {"every", 1.0}, {"decay", 0.3}}});
  }
  pair->augmentations = make_augmentations(rules.augmentations);
  if (rules.adapts) {
    AdaOptions ada{drawn.image, {"blit", "geometry"}};
    ada.probability = 0.5;
    pair->ada = std::make_unique<Ada>(ada, options);
  }
  const bool is_given = drawn.labels == Labels::kGiven;
  if (drawn.labels != Labels::kNone) pair->latent = {5, 3, 0, /*one_hot=*/!is_given};
  pair->conditional = drawn.labels == Labels::kTaken || is_given;
  if (drawn.labels == Labels::kTold) {
    pair->auxiliaries.push_back(make_auxiliary({"acgan", {{"weight", 1.0}}}));
    pair->heads = {3, 0};
  }
  pair->order = rules.order;
  pair->shares_fakes = rules.shares_fakes;
  pair->discriminator_steps = rules.discriminator_steps;
  pair->generator_steps = rules.generator_steps;
  pair->accumulate = rules.parts;
  pair->precision = rules.precision;
  // Adam would make a step of its own of what is noise.
  pair->generator_optimizer =
      make_optimizer(descent(0.01, rules.momentum, rules.clip), pair->generator->parameters());
  pair->discriminator_optimizer =
      make_optimizer(descent(0.01, rules.momentum, rules.clip), pair->discriminator->parameters());
  Drawer draw(static_cast<uint32_t>(seed));
  for (Optimizer* one : {pair->generator_optimizer.get(), pair->discriminator_optimizer.get()}) {
    std::vector<bool> stays;
    for (size_t i = 0; i < one->parameters().size(); ++i)
      stays.push_back(draw.chance(rules.frozen));
    one->freeze(stays);
  }
  return pair;
}

}  // namespace sparring::test
