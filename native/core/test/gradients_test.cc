// Every gradient against central differences in float64: objectives, penalties (whose gradient is a
// second derivative), auxiliaries, augmentation, and both orders through every layer.
#include "core/test/gradients.h"

#include <cmath>
#include <limits>

#include "core/error.h"
#include "core/test/check.h"  // last: see there
#include "core/test/pairs.h"

using namespace sparring;
using namespace sparring::test;

namespace {

constexpr double kBound = 1e-6;

Layer convolution(const std::string& type, const std::string& name, double in, double out,
                  int64_t kernel, int64_t stride, int64_t padding, double groups) {
  Layer one = conv(name, in, out, kernel, padding, stride);
  one.type = type;
  one.options.set("groups", groups);
  one.options.set("outputPadding", Shape{0, 0});
  return one;
}

std::vector<Layer> activations() {
  return {layer("relu", "1"),
          layer("leakyRelu", "1", {{"negativeSlope", 0.2}}),
          layer("elu", "1", {{"alpha", 1.0}}),
          layer("silu", "1"),
          layer("gelu", "1", {{"approximate", "none"}}),
          layer("gelu", "1", {{"approximate", "tanh"}}),
          layer("softplus", "1", {{"beta", 1.0}, {"threshold", 20.0}}),
          layer("tanh", "1"),
          layer("sigmoid", "1")};
}

// Every layer that takes [N, 4, 4, 4], by itself.
std::vector<Layer> image_layers() {
  const Options norm{{"numFeatures", 4.0},
                     {"numChannels", 4.0},
                     {"numGroups", 2.0},
                     {"eps", 1e-5},
                     {"momentum", 0.1},
                     {"affine", true},
                     {"bias", true},
                     {"elementwiseAffine", true},
                     {"trackRunningStats", true},
                     {"normalizedShape", Shape{4, 4, 4}}};
  const Options pool{{"kernelSize", Shape{2, 2}},
                     {"stride", Shape{2, 2}},
                     {"padding", Shape{0, 0}},
                     {"countIncludePad", true}};
  const Options spectral{{"nPowerIterations", 1.0}, {"eps", 1e-12}};
  const auto rebuilt = [](const std::string& loss) {
    const std::vector<Layer> inside{conv("0", 4, 2, 3, 1), layer("tanh", "1"),
                                    conv("2", 2, 4, 3, 1)};
    return layer("reconstructionError", "1", {{"loss", loss}},
                 {layer("sequential", "autoencoder", {}, inside)});
  };
  const Options multiplying{{"numEmbeddings", 3.0}, {"embeddingDim", 4.0}, {"combine", "multiply"}};
  return {
      convolution("conv2d", "1", 4, 6, 3, 2, 1, 1),
      convolution("conv2d", "1", 4, 6, 3, 1, 1, 2),
      convolution("convTranspose2d", "1", 4, 3, 4, 2, 1, 1),
      upsample("1", 2),
      upsample("1", 2, "bilinear"),
      layer("avgPool2d", "1", pool),
      layer("batchNorm2d", "1", norm),
      layer("instanceNorm2d", "1", norm),
      layer("groupNorm", "1", norm),
      layer("layerNorm", "1", norm),
      layer("pixelNorm", "1", {{"eps", 1e-8}}),
      layer("minibatchStdDev", "1", {{"groupSize", 2.0}}),
      layer("selfAttention2d", "1", {{"channels", 4.0}, {"reduction", 2.0}}),
      layer("spectralNorm", "1", spectral, {convolution("conv2d", "0", 4, 4, 3, 1, 1, 1)}),
      layer("spectralNorm", "1", spectral, {convolution("convTranspose2d", "0", 4, 3, 4, 2, 1, 1)}),
      layer("residual", "1", {},
            {layer("sequential", "main", {}, {conv("0", 4, 4, 3, 1), layer("tanh", "1")})}),
      layer("residual", "1", {},
            {layer("sequential", "main", {}, {conv("0", 4, 2, 3, 1)}),
             layer("sequential", "skip", {}, {conv("0", 4, 2, 1, 0)})}),
      rebuilt("mse"),
      rebuilt("l1"),
      layer("dropout", "1", {{"p", 0.5}}),
      layer("dropout2d", "1", {{"p", 0.5}}),
      layer("gaussianNoise", "1", {{"std", 0.5}}),
      layer("maxPool2d", "1", pool),
      layer("adaptiveAvgPool2d", "1", {{"outputSize", Shape{3, 1}}}),
      layer("globalSumPool2d", "1"),
      layer("pixelShuffle", "1", {{"upscaleFactor", 2.0}}),
      layer("pixelUnshuffle", "1", {{"downscaleFactor", 2.0}}),
      layer("zeroPad2d", "1", {{"padding", Shape{1, 0, 2, 1}}}),
      layer("reflectionPad2d", "1", {{"padding", Shape{1, 0, 2, 1}}}),
      layer("replicationPad2d", "1", {{"padding", Shape{1, 0, 2, 1}}}),
      layer("prelu", "1", {{"numParameters", 4.0}, {"init", 0.25}}),
      layer("selu", "1"),
      layer("mish", "1"),
      layer("embedding", "1",
            {{"numEmbeddings", 3.0}, {"embeddingDim", 2.0}, {"combine", "concatenate"}}),
      layer("embedding", "1", multiplying),
      layer("spectralNorm", "1", spectral, {layer("embedding", "0", multiplying)}),
      equalized("1", convolution("conv2d", "", 4, 6, 3, 2, 1, 2), 0.5),
      equalized("1", convolution("convTranspose2d", "", 4, 3, 4, 2, 1, 1)),
      blur("1", 1, {2, 1, 2, 1}),
      blur("1", 2, {1, 1, 1, 1}),
      layer("noiseInjection", "1", {{"imageSize", Shape{4, 4}}}),
  };
}

// Every layer that takes [N, 6] features, by itself.
std::vector<Layer> feature_layers() {
  const Options projected{{"inFeatures", 6.0}, {"numEmbeddings", 3.0}};
  return {maxout("1", 6, 5, 3),
          layer("batchNorm1d", "1",
                {{"numFeatures", 6.0},
                 {"eps", 0.8},
                 {"momentum", 0.1},
                 {"affine", true},
                 {"trackRunningStats", true}}),
          layer("projection", "1", projected),
          layer("spectralNorm", "1", {{"nPowerIterations", 1.0}, {"eps", 1e-12}},
                {layer("projection", "0", projected)}),
          minibatch_discrimination("1", 6, 4, 2),
          layer("unflatten", "1", {{"shape", Shape{6, 1, 1}}}),
          equalized("1", linear("", 6, 3), 0.5),
          styled("1", 6, {modulated("0", 5, 4, 3, 3, false, true)}),
          styled("1", 6, {modulated("0", 5, 4, 3, 3, true, true)}),
          styled("1", 6, {modulated("0", 5, 4, 3, 1, false, false)})};
}

struct Subject {
  std::shared_ptr<Network> network;
  at::Tensor input;
  at::Tensor labels = at::tensor({2, 0, 1, 1}, at::kLong);

  // Draws what it draws from one seed, so that every call is the same function.
  at::Tensor output(const at::Tensor& at) const {
    RandomStream stream(3);
    return network->body().forward(at, {labels, &stream});
  }
};

// Spectral normalisation holds its vectors for constants: they have to stay where they are.
Subject subject(const std::vector<Layer>& layers, const Shape& shape) {
  RandomStream stream(5);
  Subject one{std::make_shared<Network>(layers, at::kCPU, at::kDouble, stream),
              at::randn(shape, stream.cpu(), at::TensorOptions(at::kDouble))};
  if (layers.at(0).type == "spectralNorm") one.network->body().eval();
  // A weight of zero (self-attention's gamma) would hide everything behind it.
  const at::NoGradGuard no_grad;
  for (const at::Tensor& parameter : one.network->parameters()) {
    parameter.add_(at::randn(parameter.sizes(), stream.cpu(), parameter.options()), 0.1);
  }
  return one;
}

// A score for each sample that is not linear in the outputs.
at::Tensor scores_of(const at::Tensor& output) {
  const at::Tensor weights = at::linspace(-1, 1, output.numel() / output.size(0), at::kDouble);
  return (at::tanh(output.flatten(1)) * weights).sum({1}, true);
}

void check_both_orders(const Layer& one, const Shape& shape) {
  CAPTURE(one.type);
  const Subject it = subject({one}, shape);
  std::vector<at::Tensor> all = it.network->parameters();
  all.push_back(it.input.clone().requires_grad_());
  const auto value = [&] { return scores_of(it.output(all.back())); };
  CHECK(gradient_error([&] { return value().sum(); }, all) < kBound);
  const auto squared = [&] { return gradient_at(all.back(), value()).square().sum() / 2; };
  CHECK(gradient_error(squared, all) < kBound);
}

Options options_of(const std::string& objective) {
  if (objective == "wasserstein") return {{"weightClip", 0.0}};
  return {{"labelSmoothing", 0.1}, {"discriminatorLoss", "mean"},
          {"loss", "logistic"},    {"margin", 0.3},
          {"gamma", 0.7},          {"lambda", 0.1}};
}

// The closed forms of a loss against the loss itself and its gradient.
void check_terms(const Objective& objective, const Scores& scores) {
  const auto check = [](const at::Tensor& loss, const at::Tensor& of, auto term) {
    const at::Tensor slopes = torch::autograd::grad({loss}, {of})[0];
    const int64_t count = of.numel();
    double sum = 0;
    for (int64_t i = 0; i < count; ++i) {
      const Term one = term(of[i].item<double>());
      sum += one.value / static_cast<double>(count);
      CHECK(one.slope / static_cast<double>(count) ==
            doctest::Approx(slopes[i].item<double>()).epsilon(1e-10));
    }
    return sum;
  };
  const auto& [real, fake] = scores;
  const at::Tensor made = objective.generator_loss(scores);
  const double generator =
      check(made, fake, [&](double score) { return objective.generator_term(score); });
  CHECK(generator == doctest::Approx(made.item<double>()));
  const at::Tensor judged = objective.discriminator_loss(scores);
  const auto of_real = [&](double score) { return objective.real_term(score); };
  const auto of_fake = [&](double score) { return objective.fake_term(score); };
  const double both = check(objective.discriminator_loss(scores), real, of_real) +
                      check(objective.discriminator_loss(scores), fake, of_fake);
  CHECK(both == doctest::Approx(judged.item<double>()));
}

// Losses that have every function of a formula, in terms that are apart and in pairs.
std::vector<Options> formulas() {
  const auto of = [](const char* generator, const char* pairs, const char* reals,
                     const char* fakes) {
    return Options{
        {"generator", generator}, {"ofPairs", pairs}, {"ofReals", reals}, {"ofFakes", fakes}};
  };
  return {
      of("fake negate softplus", "", "real negate softplus", "fake softplus"),
      of("fake negate", "", "1 real subtract relu 0.5 multiply", "1 fake add relu"),
      of("fake square 0.1 add sqrt log fake abs multiply", "", "real tanh exp 3 divide",
         "fake sigmoid 1.5 pow"),
      of("fake 0.2 max 0.7 min", "", "real square 0.3 add 2 pow", "fake square 0.3 add fake pow"),
      of("fake real mean subtract softplus", "real fake subtract softplus", "", ""),
      of("real fake max", "real fake mean subtract square fake real multiply add", "", ""),
  };
}

// Every objective, by name and with options of its own.
std::vector<std::pair<std::string, Options>> all_objectives() {
  const std::vector<std::string> names = {"minimax",
                                          "nonSaturating",
                                          "leastSquares",
                                          "hinge",
                                          "wasserstein",
                                          "relativisticPaired",
                                          "relativisticAverage",
                                          "boundarySeeking",
                                          "energyBased",
                                          "boundaryEquilibrium",
                                          "softmax"};
  std::vector<std::pair<std::string, Options>> all;
  for (const std::string& name : names) all.emplace_back(name, options_of(name));
  for (const char* divergence : {"kl", "reverseKl", "pearson", "jensenShannon"}) {
    all.emplace_back("fDivergence", Options{{"divergence", divergence}});
  }
  for (const Options& losses : formulas()) all.emplace_back("formula", losses);
  return all;
}

std::vector<Layer> small_critic(const Layer& activation) {
  return {linear("0", 6, 5), activation, linear("2", 5, 1)};
}

}  // namespace

TEST_CASE("first and second derivatives of every layer equal central differences") {
  for (const Layer& one : image_layers()) check_both_orders(one, {4, 4, 4, 4});
  for (const Layer& one : feature_layers()) check_both_orders(one, {4, 6});
  for (const Layer& one : activations()) check_both_orders(one, {4, 6});
  check_both_orders(linear("1", 6, 3), {4, 6});
  check_both_orders(layer("flatten", "1"), {4, 2, 2, 2});
}

TEST_CASE("the gradients of every objective equal central differences, for both players") {
  for (const auto& [name, chosen] : all_objectives()) {
    for (const ScoreKind kind : {ScoreKind::kLogit, ScoreKind::kProbability}) {
      for (const char* loss : {"logistic", "leastSquares"}) {
        CAPTURE(name);
        Options options = chosen;
        options.set("loss", loss);
        const auto objective = make_objective({name, options}, kind);
        objective->go_on(at::tensor({4.0, 0.1}, at::kDouble));  // a weight that is not 0
        RandomStream stream(4);
        const auto draw = [&] {
          const at::Tensor raw = at::randn({5, 1}, stream.cpu(), at::TensorOptions(at::kDouble));
          return (kind == ScoreKind::kLogit ? raw : raw.sigmoid()).requires_grad_();
        };
        const Scores scores{draw(), draw()};
        const std::vector<at::Tensor> both{scores.real, scores.fake};
        CHECK(gradient_error([&] { return objective->discriminator_loss(scores); }, both) < kBound);
        CHECK(gradient_error([&] { return objective->generator_loss(scores); }, both) < kBound);
        if (objective->is_pointwise()) check_terms(*objective, scores);
      }
    }
  }
}

TEST_CASE("scores that are NaN are NaN in every term of a loss") {
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  for (const auto& [name, options] : all_objectives()) {
    for (const ScoreKind kind : {ScoreKind::kLogit, ScoreKind::kProbability}) {
      CAPTURE(name);
      const auto objective = make_objective({name, options}, kind);
      if (!objective->is_pointwise()) continue;
      CHECK(std::isnan(objective->generator_term(kNaN).value));
      CHECK(std::isnan(objective->real_term(kNaN).value));
      CHECK(std::isnan(objective->fake_term(kNaN).value));
    }
  }
}

TEST_CASE(
    "the gradient of every penalty, a second derivative, equals central differences for every "
    "activation") {
  for (const char* name : {"wganGp", "wganDiv", "r1", "r2", "dragan"}) {
    for (const Layer& activation : activations()) {
      CAPTURE(name);
      CAPTURE(activation.type);
      const Subject it = subject(small_critic(activation), {4, 6});
      const auto penalty = make_penalty({name, {{"weight", 1.0}, {"every", 1.0}, {"power", 3.0}}});
      const at::Tensor reals = it.input.clone().requires_grad_();
      const at::Tensor fakes = (it.input * 0.3 + 1).requires_grad_();
      const auto value = [&] {
        RandomStream stream(8);
        const PenaltyInput input{reals,
                                 fakes,
                                 it.output(reals),
                                 it.output(fakes),
                                 [&](const at::Tensor& points) { return it.output(points); },
                                 stream.cpu()};
        return penalty->value(input);
      };
      CHECK(gradient_error(value, it.network->parameters()) < kBound);
      CHECK(value().item<double>() > 0);
    }
  }
}

TEST_CASE("WGAN-GP's norm is each sample's own: a linear critic of unit slope costs nothing") {
  RandomStream stream(0);
  Network critic({linear("0", 6, 1)}, at::kCPU, at::kDouble, stream);
  {
    const at::NoGradGuard no_grad;
    critic.state()[0].second.zero_().select(1, 2).fill_(1);
  }
  const auto penalty = make_penalty({"wganGp", {{"weight", 1.0}, {"every", 1.0}}});
  for (const int64_t batch : {1, 7}) {
    const at::Tensor reals = at::randn({batch, 6}, at::kDouble);
    const PenaltyInput input{
        reals,       -reals, {}, {}, [&](const at::Tensor& x) { return critic.body().forward(x); },
        stream.cpu()};
    CHECK(penalty->value(input).item<double>() == doctest::Approx(0));
  }
}

TEST_CASE(
    "the terms of ACGAN and InfoGAN reach what they should: gradients equal central "
    "differences") {
  RandomStream stream(6);
  const auto draw = [&] {
    const auto options = at::TensorOptions(at::kDouble);
    return at::randn({4, 6}, stream.cpu(), options).requires_grad_();
  };
  const std::vector<at::Tensor> outputs{draw(), draw()};
  const Heads heads{3, 2};
  const LatentBatch made{{}, at::tensor({0, 2, 1, 1}, at::kLong), at::rand({4, 2}, at::kDouble)};
  const at::Tensor labels = at::tensor({1, 1, 0, 2}, at::kLong);
  const std::vector<Choice> choices = {{"acgan", {{"weight", 0.7}}},
                                       {"infogan", {{"categorical", 0.7}, {"continuous", 0.3}}},
                                       {"infogan", {{"categorical", 0.0}, {"continuous", 0.3}}}};
  for (const Choice& choice : choices) {
    const auto term = make_auxiliary(choice);
    const auto generator = [&] { return term->generator_term(to_answer(outputs[1], heads), made); };
    const auto discriminator = [&] {
      return term->discriminator_term(to_answer(outputs[0], heads), labels,
                                      to_answer(outputs[1], heads), made);
    };
    CHECK(gradient_error(generator, outputs) < kBound);
    CHECK(gradient_error(discriminator, outputs) < kBound);
    CHECK(torch::autograd::grad({generator()}, {outputs[1]})[0].abs().max().item<double>() > 1e-3);
  }
}

TEST_CASE("gradients pass through every augmentation") {
  for (const char* policy : {"color", "translation", "cutout"}) {
    CAPTURE(policy);
    const at::Tensor images = at::randn({4, 3, 8, 8}, at::kDouble).requires_grad_();
    const auto loss = [&] {
      RandomStream stream(2);
      at::Tensor seen = images;
      for (const Augmentation augment : make_augmentations({policy})) {
        seen = augment(seen, stream.cpu());
      }
      return scores_of(seen).sum();
    };
    CHECK(gradient_error(loss, {images}) < kBound);
    RandomStream stream(2);
    CHECK_FALSE(at::equal(make_augmentations({policy})[0](images, stream.cpu()), images));
  }
  CHECK_THROWS_WITH_AS(make_augmentations({"nonsense"}),
                       "Expected a known augmentation but received nonsense", Error);
}
