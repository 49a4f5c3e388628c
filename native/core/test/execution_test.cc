// The two executions against each other: every objective, penalty, auxiliary, order and kind of
// discriminator, in float64.
#include <ATen/record_function.h>

#include <string_view>

#include "core/step/dense/dense_step.h"
#include "core/test/check.h"  // last: see there
#include "core/test/execution_recipes.h"
#include "core/test/ranks.h"

using namespace sparring;
using namespace sparring::test;

namespace {

// Who moves first, and whether both learn from the same fakes.
struct Turns {
  Order order;
  bool shares_fakes;
};

constexpr Turns kTurns[] = {{Order::kGeneratorFirst, true},
                            {Order::kGeneratorFirst, false},
                            {Order::kDiscriminatorFirst, true},
                            {Order::kDiscriminatorFirst, false}};

// How many a step has.
struct Updates {
  int64_t discriminator = 1, generator = 1;
};

std::shared_ptr<Pair> pair_for(const Recipe& recipe, const Turns& turns, const Updates& updates) {
  std::vector<Layer> made = recipe.generator;
  const bool labelled = recipe.is_conditional || !recipe.auxiliaries.empty();
  if (labelled) {  // noise and codes side by side, times the label's row or before it
    const bool multiplies = recipe.labels == "multiply";
    made[0] = linear("0", multiplies ? 7 : 9, made[0].options.number("outFeatures"));
    made.insert(made.begin(), embedding("label", multiplies ? 7 : 2, recipe.labels));
  }
  auto pair =
      pair_of(1, made, recipe.discriminator, recipe.objective, ScoreKind::kLogit, at::kDouble);
  if (labelled) pair->latent = {5, 3, 2, /*one_hot=*/false};
  for (const std::string& name : recipe.penalties) {
    add_penalty(*pair, {name, {{"weight", 2.0}, {"every", 2.0}, {"power", 6.0}, {"decay", 0.3}}});
  }
  for (const Choice& choice : recipe.auxiliaries) {
    pair->auxiliaries.push_back(make_auxiliary(choice));
    pair->heads = {3, 2};
  }
  pair->augmentations = make_augmentations(recipe.augmentations);
  if (!recipe.transforms.empty()) {
    AdaOptions ada{{1, 8, 8}, recipe.transforms};
    ada.probability = 0.6;
    pair->ada = std::make_unique<Ada>(ada, at::TensorOptions(at::kDouble));
  }
  pair->conditional = recipe.is_conditional;
  pair->order = turns.order;
  pair->shares_fakes = turns.shares_fakes;
  pair->discriminator_steps = updates.discriminator;
  pair->generator_steps = updates.generator;
  return pair;
}

struct Outcome {
  at::Tensor losses, weights;
  at::Tensor seen;  // what the last step's watch tells
  int64_t batches = 0;
};

Outcome train(const Recipe& recipe, const Turns& turns, const Updates& updates, bool is_fused,
              int64_t accumulate = 1, const std::shared_ptr<Group>& group = {}) {
  const auto pair = pair_for(recipe, turns, updates);
  pair->accumulate = accumulate;
  if (group) pair->sharing = std::make_shared<Sharing>(group, 1);
  const auto step = is_fused ? make_fused_step(pair) : make_eager_step(pair);
  RandomStream data(9);
  Outcome outcome;
  std::vector<at::Tensor> losses, weights, seen;
  const auto next = [&] {
    outcome.batches += 1;
    if (pair->sharing) pair->sharing->divide(8);
    const auto options = at::TensorOptions(at::kDouble);
    return Batch{at::rand({8, 1, 8, 8}, data.cpu(), options) * 2 - 1,
                 at::randint(3, {8}, data.cpu(), at::TensorOptions(at::kLong))};
  };
  Watch watch;
  for (int i = 0; i < 3; ++i) {
    const Losses both = step->run(next, i == 2 ? &watch : nullptr);
    losses.push_back(at::stack({both.generator.value, both.discriminator.value}));
  }
  for (const Network* network : {pair->generator.get(), pair->discriminator.get()}) {
    for (const auto& [name, tensor] : network->state()) {
      weights.push_back(tensor.detach().to(at::kDouble).flatten());
    }
  }
  for (const at::Tensor& one : {watch.real_scores, watch.fake_scores, watch.reals, watch.fakes,
                                watch.generator_gradient, watch.discriminator_gradient}) {
    seen.push_back(one.to(at::kDouble).flatten());
  }
  outcome.seen = at::cat(seen);
  outcome.losses = at::cat(losses);
  outcome.weights = at::cat(weights);
  return outcome;
}

int64_t counted_looks = 0;  // a callback of libtorch's has nothing of its own

bool is_planned(const Recipe& recipe) {
  return DenseStep::plan(pair_for(recipe, kTurns[0], {})) != nullptr;
}

}  // namespace

TEST_CASE("fused equals eager after three steps, whatever is trained and in either order: 1e-10") {
  for (const Recipe& recipe : recipes()) {
    for (const Turns& turns : kTurns) {
      for (const Updates& updates : {Updates{1, 1}, Updates{2, 1}, Updates{1, 2}}) {
        CAPTURE(recipe.name);
        CAPTURE(updates.discriminator);
        CAPTURE(updates.generator);
        CAPTURE(turns.shares_fakes);
        const Outcome eager = train(recipe, turns, updates, false);
        const Outcome fused = train(recipe, turns, updates, true);
        CHECK(distance(fused.losses, eager.losses) < 1e-10);
        CHECK(distance(fused.weights, eager.weights) < 1e-10);
        CHECK(distance(fused.seen, eager.seen) < 1e-10);
        CHECK(eager.batches == 3 * updates.discriminator);
        CHECK(fused.batches == 3 * updates.discriminator);
      }
    }
  }
}

TEST_CASE("fakes that both updates learn from are looked at once where reals pass by themselves") {
  const auto looks_of = [](const Recipe& recipe, const Turns& turns, bool is_fused,
                           int64_t generator_steps = 1) {
    Recipe counted = recipe;  // its only convolution is the discriminator's first
    counted.generator = dense_generator();
    const auto pair = pair_for(counted, turns, {1, generator_steps});
    const auto step = is_fused ? make_fused_step(pair) : make_eager_step(pair);
    const auto count = [](const at::RecordFunction& call) -> std::unique_ptr<at::ObserverContext> {
      counted_looks += std::string_view(call.name()) == "aten::convolution";
      return nullptr;
    };
    counted_looks = 0;
    const auto handle = at::addThreadLocalCallback(at::RecordFunctionCallback(count));
    step->run([] { return Batch{at::rand({8, 1, 8, 8}, at::kDouble), {}}; });
    at::removeCallback(handle);
    return counted_looks;
  };
  const Recipe recipe{"normed", normed(), objective("nonSaturating")};
  CHECK(looks_of(recipe, kTurns[0], /*is_fused=*/false) == 3);
  CHECK(looks_of(recipe, kTurns[0], /*is_fused=*/true) == 2);
  // Only at those of the generator's last update.
  CHECK(looks_of(recipe, kTurns[0], /*is_fused=*/false, 3) == 5);
  CHECK(looks_of(recipe, kTurns[0], /*is_fused=*/true, 3) == 4);
  // Of other fakes, or with weights that have changed.
  for (const Turns& turns : {kTurns[1], kTurns[2], kTurns[3]}) {
    CHECK(looks_of(recipe, turns, /*is_fused=*/true) == 3);
  }
  Recipe noisy = recipe;
  noisy.discriminator.insert(noisy.discriminator.begin() + 3,
                             layer("dropout", "noise", {{"p", 0.25}}));
  CHECK(looks_of(noisy, kTurns[0], /*is_fused=*/true) == 3);
}

TEST_CASE("a dense step equals an eager one for every objective, penalty and activation: 1e-10") {
  for (const Recipe& recipe : dense_recipes()) {
    for (const Turns& turns : kTurns) {
      CAPTURE(recipe.name);
      CAPTURE(turns.shares_fakes);
      CHECK(DenseStep::plan(pair_for(recipe, turns, {})) != nullptr);
      for (const Updates& updates : {Updates{2, 1}, Updates{2, 2}}) {
        CAPTURE(updates.generator);
        const Outcome eager = train(recipe, turns, updates, false);
        const Outcome fused = train(recipe, turns, updates, true);
        CHECK(distance(fused.losses, eager.losses) < 1e-10);
        CHECK(distance(fused.weights, eager.weights) < 1e-10);
        CHECK(distance(fused.seen, eager.seen) < 1e-10);
      }
    }
  }
}

// Passes have streams of their own there, by how many there were before them.
TEST_CASE("a dense step draws for parts, or as a rank, what an eager one does: 1e-10") {
  int64_t compared = 0;
  for (const Recipe& recipe : dense_recipes()) {
    if (recipe.name.find("dropout") == std::string::npos) continue;
    compared += 1;
    CAPTURE(recipe.name);
    const auto compare = [&](int64_t accumulate, const std::shared_ptr<Group>& group) {
      const Outcome eager = train(recipe, kTurns[0], {2, 1}, false, accumulate, group);
      const Outcome fused = train(recipe, kTurns[0], {2, 1}, true, accumulate, group);
      CHECK(distance(fused.losses, eager.losses) < 1e-10);
      CHECK(distance(fused.weights, eager.weights) < 1e-10);
      CHECK(distance(fused.seen, eager.seen) < 1e-10);
    };
    compare(/*accumulate=*/2, {});
    CHECK(as_ranks(1, [&](const auto& group) { compare(/*accumulate=*/1, group); })[0].empty());
  }
  CHECK(compared == 11);
}

TEST_CASE("what a dense step does not know is left to autograd") {
  const Recipe recipe = dense_recipes()[0];
  CHECK(is_planned(recipe));
  Recipe gelu = recipe;
  gelu.discriminator[2] = layer("gelu", "2", {{"approximate", "none"}});
  CHECK_FALSE(is_planned(gelu));
  Recipe relative = recipe;
  relative.objective = objective("relativisticPaired");
  CHECK_FALSE(is_planned(relative));
  Recipe curved = recipe;
  curved.discriminator[2] = layer("tanh", "2");
  CHECK(is_planned(curved));
  curved.penalties = {"r1"};  // needs the second derivative of tanh
  CHECK_FALSE(is_planned(curved));
  Recipe augmented = recipe;
  augmented.augmentations = {"cutout"};
  CHECK_FALSE(is_planned(augmented));
  CHECK_FALSE(is_planned(adaptive(recipe)));
  Recipe patches = recipe;
  patches.discriminator[3] = linear("3", 16, 4);
  patches.discriminator.push_back(layer("unflatten", "4", {{"shape", Shape{1, 2, 2}}}));
  CHECK_FALSE(is_planned(patches));
  Recipe of_channels = recipe;  // not one of 64 columns
  of_channels.generator = {linear("0", 5, 64), layer("unflatten", "1", {{"shape", Shape{1, 8, 8}}}),
                           batch_norm("2", 1, 1e-5)};
  CHECK_FALSE(is_planned(of_channels));
  Recipe convolutional = recipe;
  convolutional.generator = conv_generator();
  CHECK_FALSE(is_planned(convolutional));
}

TEST_CASE("so is dropout in places that a dense step does not know") {
  const Recipe recipe = dense_recipes()[0];
  const auto with = [&recipe](size_t place, const Layer& layer) {
    Recipe changed = recipe;
    changed.discriminator.insert(changed.discriminator.begin() + place, layer);
    return changed;
  };
  const Layer dropout = layer("dropout", "dropout", {{"p", 0.4}});
  CHECK(is_planned(with(2, dropout)));
  CHECK(is_planned(with(1, dropout)));        // of the images
  CHECK_FALSE(is_planned(with(0, dropout)));  // of images that are no rows yet
  Recipe twice = with(2, dropout);
  twice.discriminator.insert(twice.discriminator.begin() + 2,
                             layer("dropout", "more", {{"p", 0.1}}));
  CHECK_FALSE(is_planned(twice));
  Recipe bent = with(2, dropout);  // tanh of a multiple is no multiple of tanh
  bent.discriminator[3] = layer("tanh", "2");
  CHECK_FALSE(is_planned(bent));
  Recipe penalised = with(2, dropout);
  penalised.penalties = {"r1"};  // its points would be dropped anew
  CHECK_FALSE(is_planned(penalised));
}

TEST_CASE("so are labels in such places, or beside a penalty; maxout is known beside one") {
  const Recipe recipe = dense_recipes()[0];
  Recipe labelled = recipe;
  labelled.is_conditional = true;
  labelled.labels = "concatenate";
  labelled.discriminator[1] = linear("1", 64 + 3, 16);
  labelled.discriminator.insert(labelled.discriminator.begin() + 1,
                                embedding("label", 3, "concatenate"));
  CHECK(is_planned(labelled));
  Recipe dropped = labelled;  // of labels' vectors
  dropped.discriminator.insert(dropped.discriminator.begin() + 2,
                               layer("dropout", "dropout", {{"p", 0.4}}));
  CHECK_FALSE(is_planned(dropped));
  Recipe chosen = recipe;
  chosen.discriminator[1] = maxout("1", 64, 16, 2);
  CHECK(is_planned(chosen));
  chosen.penalties = {"r1"};
  CHECK(is_planned(chosen));
  Recipe of_labels = labelled;
  of_labels.penalties = {"wganGp"};
  CHECK_FALSE(is_planned(of_labels));
  Recipe multiplied = labelled;
  multiplied.labels = "multiply";
  CHECK_FALSE(is_planned(multiplied));
  Recipe on_pixels = labelled;  // channels behind those of the images, [3, 8, 8]
  on_pixels.discriminator = {embedding("label", 2, "concatenate"), layer("flatten", "0"),
                             linear("1", 3 * 64, 1)};
  CHECK_FALSE(is_planned(on_pixels));
}

TEST_CASE("a penalty is applied at every n-th update, n times as strong") {
  const auto penalty = make_penalty({"r1", {{"weight", 2.0}, {"every", 4.0}}});
  CHECK(penalty->is_due(0));
  CHECK_FALSE(penalty->is_due(3));
  CHECK(penalty->is_due(8));
  CHECK(penalty->strength() == 8);
}

TEST_CASE("Wasserstein's clipping keeps every weight of the discriminator within its limit") {
  const auto pair = pair_of(1, conv_generator(), plain(), objective("wasserstein"),
                            ScoreKind::kLogit, at::kDouble);
  const auto step = make_fused_step(pair);
  step->run([] { return Batch{at::rand({8, 1, 8, 8}, at::kDouble), {}}; });
  for (const at::Tensor& parameter : pair->discriminator->parameters()) {
    CHECK(parameter.abs().max().item<double>() <= 0.05);
  }
}
