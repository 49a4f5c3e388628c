#include "core/test/execution_recipes.h"

namespace sparring::test {
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

Layer group(const std::string& name, std::vector<Layer> layers) {
  return layer("sequential", name, {}, std::move(layers));
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

std::vector<Layer> compared() {
  return {layer("flatten", "0"), linear("1", 64, 6), minibatch_discrimination("2", 6, 4, 2),
          linear("3", 10, 1)};
}

std::vector<Layer> judging_styles() {
  return {layer("flatten", "0"),
          layer("styled", "1", styled_options(),
                {group("mapping", {linear("0", 64, 5)}), group("synthesis", {linear("0", 5, 1)})})};
}

Recipe with_styles(const std::string& name, std::vector<Layer> discriminator,
                   const std::string& objective_name, std::vector<std::string> penalties,
                   double mixing = 0) {
  Recipe recipe{name, std::move(discriminator), objective(objective_name), std::move(penalties)};
  recipe.generator = styled_generator(5, mixing);
  return recipe;
}

}  // namespace

Layer embedding(const std::string& name, double width, const std::string& combine) {
  return layer("embedding", name,
               {{"numEmbeddings", 3.0}, {"embeddingDim", width}, {"combine", combine}});
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

Recipe adaptive(Recipe recipe) {
  recipe.transforms = {"blit", "geometry", "color"};
  return recipe;
}

std::vector<Recipe> recipes() {
  const Choice acgan{"acgan", {{"weight", 1.0}}};
  const Choice infogan{"infogan", {{"categorical", 1.0}, {"continuous", 0.1}}};
  const std::vector<std::string> every{"color", "translation", "cutout"};
  return {
      {"minimax", plain(), objective("minimax")},
      {"non-saturating", residual(), objective("nonSaturating")},
      {"least squares", coupled(), objective("leastSquares")},
      {"hinge", coupled(), objective("hinge")},
      {"normed", normed(), objective("nonSaturating")},
      {"normed, average", normed(), objective("relativisticAverage"), {"r1", "r2"}},
      {"compared", compared(), objective("nonSaturating"), {"r1", "r2"}},
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
      with_styles("styles", styled_discriminator(), "nonSaturating", {"r1"}),
      with_styles("path lengths", styled_discriminator(), "nonSaturating", {"r1", "pathLength"}),
      with_styles("path lengths, merged", residual(), "relativisticPaired", {"pathLength"}),
      with_styles("styles, mixed", styled_discriminator(), "nonSaturating", {}, 0.7),
      {"styles in the discriminator", judging_styles(), objective("nonSaturating")},
      adaptive({"adaptive", residual(), objective("nonSaturating"), {"r1", "dragan"}}),
      adaptive({"adaptive, merged", residual(), objective("hinge")}),
  };
}

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

namespace {

std::vector<Layer> dense_normed() {
  return {layer("flatten", "0"), no_bias(linear("1", 64, 16)), batch_norm("2", 16, 1e-5),
          layer("relu", "3"), linear("4", 16, 1)};
}

// With an embedding of labels, with dropout on either side of an activation, or with both.
std::vector<Layer> dense_conditional(std::vector<Layer> layers) {
  layers[1] = linear("1", 64 + 3, 16);
  layers.insert(layers.begin() + 1, embedding("label", 3, "concatenate"));
  return layers;
}

std::vector<Layer> dropping(std::vector<Layer> layers, int64_t place) {
  layers.insert(layers.begin() + place, layer("dropout", "dropout", {{"p", 0.4}}));
  return layers;
}

std::vector<Layer> dense_maxout() {
  return {layer("flatten", "0"), maxout("1", 64, 12, 5), maxout("2", 12, 7, 2, /*bias=*/false),
          leaky("3"), linear("4", 7, 1)};
}

// The discriminator of the first GAN: maxout, and dropout before and behind.
std::vector<Layer> dense_dropping_maxout() {
  return {layer("flatten", "0"),  layer("dropout", "pixels", {{"p", 0.2}}),
          maxout("1", 64, 12, 5), layer("dropout", "first", {{"p", 0.5}}),
          maxout("2", 12, 7, 4),  layer("dropout", "second", {{"p", 0.5}}),
          linear("4", 7, 1)};
}

Recipe with_labels(const std::string& name, std::vector<Layer> discriminator) {
  Recipe recipe{name, dense_conditional(std::move(discriminator)), objective("nonSaturating")};
  recipe.is_conditional = true;
  recipe.labels = "concatenate";
  return recipe;
}

}  // namespace

std::vector<Recipe> dense_recipes() {
  const std::vector<Layer> normed = dense_normed();
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
  all.push_back(with_labels("labels", plain()));
  all.push_back(with_labels("labels, normed", normed));
  all.push_back(with_labels("labels, dropout", dropping(plain(), 3)));
  const Choice hinge = objective("hinge");
  all.push_back({"dropout before", dropping(plain(), 2), hinge});
  all.push_back({"dropout behind", dropping(plain(), 3), hinge});
  all.push_back({"dropout, normed", dropping(normed, 3), hinge});
  all.push_back({"dropout, normed, behind", dropping(normed, 4), hinge});
  all.push_back({"dropout of the images", dropping(plain(), 1), hinge});
  all.push_back({"maxout", dense_maxout(), hinge});
  for (const char* penalty : {"wganGp", "r1", "r2", "dragan"}) {
    all.push_back({std::string("maxout, ") + penalty, dense_maxout(), hinge, {penalty}});
  }
  all.push_back({"maxout, dropout", dense_dropping_maxout(), objective("nonSaturating")});
  Recipe labels_of_maxout = with_labels("labels, maxout", plain());
  labels_of_maxout.discriminator[2] = maxout("1", 64 + 3, 16, 4);
  all.push_back(labels_of_maxout);
  for (Recipe& recipe : all) recipe.generator = dense_generator();
  // The generator's numbers are those of a step in which the discriminator has all its passes.
  for (const char* penalty : {"", "wganGp", "r1"}) {
    Recipe recipe{std::string("dropout in the generator ") + penalty, plain(), hinge};
    if (*penalty != 0) recipe.penalties = {penalty};
    recipe.generator = dropping(dense_generator(), 5);
    all.push_back(recipe);
  }
  Recipe made_by_maxout{"maxout in the generator, dropout of the latents", plain(), hinge};
  made_by_maxout.generator = dropping(dense_generator(), 0);
  made_by_maxout.generator[1] = maxout("0", 5, 16, 3);
  all.push_back(made_by_maxout);
  return all;
}

}  // namespace sparring::test
