// The two executions against each other: every objective, penalty, auxiliary, order and kind of
// discriminator, in float64.
#include <ATen/record_function.h>

#include <string_view>

#include "core/step/dense/dense_step.h"
#include "core/test/check.h"  // last: see there
#include "core/test/pairs.h"

using namespace sparring;
using namespace sparring::test;

namespace {

Layer leaky(const std::string& name) { return layer("leakyRelu", name, {{"negativeSlope", 0.2}}); }

Layer spectral(const std::string& name, Layer inner) {
  inner.name = "0";
  return layer("spectralNorm", name, {{"nPowerIterations", 1.0}, {"eps", 1e-12}}, {inner});
}

Layer no_bias(Layer one) {
  one.options.set("bias", false);
  return one;
}

Layer embedding(const std::string& name, double width, const std::string& combine) {
  return layer("embedding", name,
               {{"numEmbeddings", 3.0}, {"embeddingDim", width}, {"combine", combine}});
}

Layer group(const std::string& name, std::vector<Layer> layers) {
  return layer("sequential", name, {}, std::move(layers));
}

// No bias before a normalisation: its gradient is rounding noise, which Adam would blow up.
std::vector<Layer> conv_generator() {
  return {linear("0", 5, 8 * 2 * 2), layer("unflatten", "1", {{"shape", Shape{8, 2, 2}}}),
          upsample("2", 2),          no_bias(conv("3", 8, 8, 3, 1)),
          batch_norm("4", 8, 1e-5),  leaky("5"),
          upsample("6", 2),          conv("7", 8, 1, 3, 1),
          layer("tanh", "8")};
}

std::vector<Layer> plain() {
  return {layer("flatten", "0"), linear("1", 64, 16), leaky("2"), linear("3", 16, 1)};
}

std::vector<Layer> residual() {
  const Options pool{{"kernelSize", Shape{2, 2}},
                     {"stride", Shape{2, 2}},
                     {"padding", Shape{0, 0}},
                     {"countIncludePad", true}};
  const auto block = [](const std::string& name) {
    return layer("residual", name, {},
                 {group("main", {leaky("0"), upsample("1", 2), conv("2", 4, 4, 3, 1)}),
                  group("skip", {upsample("0", 2), conv("1", 4, 4, 1, 0)})});
  };
  return {conv("0", 1, 4, 3, 1, 2), block("1"),        layer("avgPool2d", "2", pool), leaky("3"),
          layer("flatten", "4"),    linear("5", 64, 1)};
}

std::vector<Layer> coupled() {
  return {spectral("0", conv("0", 1, 4, 3, 1, 2)),
          layer("dropout", "1", {{"p", 0.25}}),
          no_bias(conv("2", 4, 4, 3, 1)),
          batch_norm("3", 4, 0.8),
          leaky("4"),
          layer("minibatchStdDev", "5", {{"groupSize", 4.0}}),
          layer("flatten", "6"),
          linear("7", 5 * 16, 1)};
}

// Couples the samples of a pass, and repeats itself.
std::vector<Layer> normed() {
  return {no_bias(conv("0", 1, 4, 5, 2)),
          batch_norm("1", 4, 0.8),
          leaky("2"),
          layer("minibatchStdDev", "3", {{"groupSize", 4.0}}),
          layer("flatten", "4"),
          linear("5", 5 * 64, 16),
          batch_norm("6", 16, 1e-5),
          layer("tanh", "7"),
          linear("8", 16, 1)};
}

// A score for each patch.
std::vector<Layer> patches() {
  return {conv("0", 1, 4, 4, 1, 2), leaky("1"), conv("2", 4, 6, 4, 1), leaky("3"),
          conv("4", 6, 1, 2, 0)};
}

std::vector<Layer> patches_normed() {
  std::vector<Layer> layers = patches();
  layers[2] = no_bias(layers[2]);
  layers.insert(layers.begin() + 3, batch_norm("norm", 6, 1e-5));
  return layers;
}

std::vector<Layer> conditional() {
  return {embedding("0", 2, "concatenate"), conv("1", 3, 4, 3, 1, 2), leaky("2"),
          layer("flatten", "3"),
          layer("projection", "4", {{"inFeatures", 64.0}, {"numEmbeddings", 3.0}})};
}

// Nothing turns in a pass but what is inside the projection.
std::vector<Layer> conditional_normed() {
  std::vector<Layer> layers = conditional();
  layers[4] = spectral("4", layers[4]);
  return layers;
}

std::vector<Layer> with_heads() {
  return {layer("flatten", "0"), linear("1", 64, 16), leaky("2"),
          layer("heads", "3", {},
                {group("score", {linear("0", 16, 1)}), group("classes", {linear("0", 16, 3)}),
                 group("codes", {linear("0", 16, 2)})})};
}

std::vector<Layer> autoencoder(const std::string& loss, bool is_normed) {
  std::vector<Layer> inside{
      conv("0", 1, 4, 3, 1, 2), leaky("1"),
      layer("flatten", "2"),    linear("3", 64, 6),
      linear("4", 6, 64),       layer("unflatten", "5", {{"shape", Shape{4, 4, 4}}}),
      upsample("6", 2),         conv("7", 4, 1, 3, 1)};
  if (is_normed) inside.insert(inside.begin() + 1, batch_norm("norm", 4, 0.8));
  return {layer("reconstructionError", "0", {{"loss", loss}}, {group("autoencoder", inside)})};
}

Choice objective(const std::string& name) {
  return {name,
          {{"labelSmoothing", 0.1},
           {"discriminatorLoss", "mean"},
           {"loss", "logistic"},
           {"weightClip", 0.05},
           {"margin", 0.4},
           {"gamma", 0.75},
           {"lambda", 0.5}}};
}

struct Recipe {
  std::string name;
  std::vector<Layer> discriminator;
  Choice objective;
  std::vector<std::string> penalties = {};
  std::vector<Choice> auxiliaries = {};
  std::vector<std::string> augmentations = {};
  bool is_conditional = false;
  std::vector<Layer> generator = conv_generator();
  std::vector<std::string> transforms = {};  // of ada
};

Recipe adaptive(Recipe recipe) {
  recipe.transforms = {"blit", "geometry", "color"};
  return recipe;
}

std::vector<Recipe> recipes() {
  const Choice acgan{"acgan", {{"weight", 1.0}}};
  const Choice infogan{"infogan", {{"categorical", 1.0}, {"continuous", 0.1}}};
  const std::vector<std::string> every{"color", "translation", "cutout"};
  const std::vector<Layer> compared{layer("flatten", "0"), linear("1", 64, 6),
                                    minibatch_discrimination("2", 6, 4, 2), linear("3", 10, 1)};
  return {
      {"minimax", plain(), objective("minimax")},
      {"non-saturating", residual(), objective("nonSaturating")},
      {"least squares", coupled(), objective("leastSquares")},
      {"hinge", coupled(), objective("hinge")},
      {"normed", normed(), objective("nonSaturating")},
      {"normed, average", normed(), objective("relativisticAverage"), {"r1", "r2"}},
      {"compared", compared, objective("nonSaturating"), {"r1", "r2"}},
      {"clipped", plain(), objective("wasserstein")},
      {"wgan-gp", residual(), objective("wasserstein"), {"wganGp"}},
      {"wgan-div", residual(), objective("wasserstein"), {"wganDiv"}},
      {"bgan", coupled(), objective("boundarySeeking")},
      {"dragan", coupled(), objective("nonSaturating"), {"dragan"}},
      {"r3gan", residual(), objective("relativisticPaired"), {"r1", "r2"}},
      {"average", plain(), objective("relativisticAverage")},
      {"ebgan", autoencoder("mse", true), objective("energyBased")},
      {"ebgan, merged", autoencoder("mse", false), objective("energyBased"), {"wganGp"}},
      {"began", autoencoder("l1", false), objective("boundaryEquilibrium")},
      {"began, r1", autoencoder("l1", true), objective("boundaryEquilibrium"), {"r1"}},
      {"softmax", coupled(), objective("softmax")},
      {"softmax, patches", patches(), objective("softmax")},
      {"patches", patches(), objective("nonSaturating")},
      {"patches, least squares", patches_normed(), objective("leastSquares")},
      {"patches, wgan-gp", patches(), objective("wasserstein"), {"wganGp"}},
      {"patches, r3gan", patches(), objective("relativisticPaired"), {"r1", "r2"}},
      {"patches, average", patches_normed(), objective("relativisticAverage"), {"r1"}},
      {"patches, dragan", patches(), objective("hinge"), {"dragan", "r1"}, {}, {"cutout"}},
      {"conditional", conditional(), objective("hinge"), {"r1"}, {}, {}, true},
      {"conditional, merged", conditional(), objective("nonSaturating"), {}, {}, {}, true},
      {"conditional, normed", conditional_normed(), objective("hinge"), {}, {}, {}, true},
      {"heads", with_heads(), objective("nonSaturating"), {}, {acgan, infogan}},
      {"augmented", residual(), objective("nonSaturating"), {"r1"}, {}, every},
      {"augmented, merged", residual(), objective("nonSaturating"), {}, {}, {"cutout", "color"}},
      {"styles",
       styled_discriminator(),
       objective("nonSaturating"),
       {"r1"},
       {},
       {},
       false,
       styled_generator(5)},
      {"path lengths",
       styled_discriminator(),
       objective("nonSaturating"),
       {"r1", "pathLength"},
       {},
       {},
       false,
       styled_generator(5)},
      {"path lengths, merged",
       residual(),
       objective("relativisticPaired"),
       {"pathLength"},
       {},
       {},
       false,
       styled_generator(5)},
      adaptive({"adaptive", residual(), objective("nonSaturating"), {"r1", "dragan"}}),
      {"styles, mixed",
       styled_discriminator(),
       objective("nonSaturating"),
       {},
       {},
       {},
       false,
       styled_generator(5, 0.7)},
      {"styles in the discriminator",
       {layer("flatten", "0"),
        layer("styled", "1", styled_options(),
              {group("mapping", {linear("0", 64, 5)}), group("synthesis", {linear("0", 5, 1)})})},
       objective("nonSaturating")},
      adaptive({"adaptive, merged", residual(), objective("hinge")}),
  };
}

// Linear layers only, as dense/ plans them.
std::vector<Layer> dense_generator() {
  return {linear("0", 5, 16),
          layer("tanh", "1"),
          no_bias(linear("2", 16, 70)),
          batch_norm("3", 70, 0.8),
          leaky("4"),
          linear("5", 70, 64),
          layer("sigmoid", "6"),
          layer("unflatten", "7", {{"shape", Shape{1, 8, 8}}})};
}

std::vector<Recipe> dense_recipes() {
  const std::vector<Layer> normed = {layer("flatten", "0"), no_bias(linear("1", 64, 16)),
                                     batch_norm("2", 16, 1e-5), layer("relu", "3"),
                                     linear("4", 16, 1)};
  std::vector<Recipe> all;
  for (const char* name : {"nonSaturating", "minimax", "leastSquares", "hinge", "wasserstein",
                           "boundarySeeking", "energyBased"}) {
    const std::string text(name);
    all.push_back({text, plain(), objective(name)});
    all.push_back({text + ", normed", normed, objective(name)});
    for (const char* penalty : {"wganGp", "wganDiv", "r1", "r2", "dragan"}) {
      all.push_back({text + ", " + penalty, plain(), objective(name), {penalty}});
    }
  }
  // What its first layer makes cannot be undone.
  std::vector<Layer> halved = plain();
  halved[2] = layer("relu", "2");
  all.push_back({"wasserstein, relu", halved, objective("wasserstein"), {"wganGp"}});
  for (Recipe& recipe : all) recipe.generator = dense_generator();
  return all;
}

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
  if (labelled) {  // noise and codes side by side, times the label's row
    made[0] = linear("0", 7, 8 * 2 * 2);
    made.insert(made.begin(), embedding("label", 7, "multiply"));
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
  int64_t batches = 0;
};

Outcome train(const Recipe& recipe, const Turns& turns, const Updates& updates, bool is_fused,
              int64_t accumulate = 1) {
  const auto pair = pair_for(recipe, turns, updates);
  pair->accumulate = accumulate;
  const auto step = is_fused ? make_fused_step(pair) : make_eager_step(pair);
  RandomStream data(9);
  Outcome outcome;
  std::vector<at::Tensor> losses, weights;
  const auto next = [&] {
    outcome.batches += 1;
    const auto options = at::TensorOptions(at::kDouble);
    return Batch{at::rand({8, 1, 8, 8}, data.cpu(), options) * 2 - 1,
                 at::randint(3, {8}, data.cpu(), at::TensorOptions(at::kLong))};
  };
  for (int i = 0; i < 3; ++i) {
    const Losses both = step->run(next);
    losses.push_back(at::stack({both.generator, both.discriminator}));
  }
  for (const Network* network : {pair->generator.get(), pair->discriminator.get()}) {
    for (const auto& [name, tensor] : network->state()) {
      weights.push_back(tensor.detach().to(at::kDouble).flatten());
    }
  }
  outcome.losses = at::cat(losses);
  outcome.weights = at::cat(weights);
  return outcome;
}

int64_t counted_looks = 0;  // a callback of libtorch's has nothing of its own

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
      }
    }
  }
}

TEST_CASE("what a dense step does not know is left to autograd") {
  const auto is_planned = [](const Recipe& recipe) {
    return DenseStep::plan(pair_for(recipe, kTurns[0], {})) != nullptr;
  };
  Recipe recipe = dense_recipes()[0];
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
