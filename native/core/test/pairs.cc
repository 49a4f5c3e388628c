#include "core/test/pairs.h"

#include <cmath>

namespace sparring::test {

Layer layer(const std::string& type, const std::string& name, Options options,
            std::vector<Layer> layers) {
  return {type, name, std::move(options), std::move(layers)};
}

Layer linear(const std::string& name, double in, double out) {
  return layer("linear", name, {{"inFeatures", in}, {"outFeatures", out}, {"bias", true}});
}

Layer maxout(const std::string& name, double in, double out, double pieces, bool bias) {
  return layer("maxout", name,
               {{"inFeatures", in}, {"outFeatures", out}, {"pieces", pieces}, {"bias", bias}});
}

Layer conv(const std::string& name, double in, double out, int64_t kernel, int64_t padding,
           int64_t stride) {
  return layer("conv2d", name,
               {{"inChannels", in},
                {"outChannels", out},
                {"kernelSize", Shape{kernel, kernel}},
                {"stride", Shape{stride, stride}},
                {"padding", Shape{padding, padding}},
                {"dilation", Shape{1, 1}},
                {"groups", 1.0},
                {"bias", true}});
}

Layer minibatch_discrimination(const std::string& name, double in, double out, double kernel_dims) {
  return layer("minibatchDiscrimination", name,
               {{"inFeatures", in}, {"outFeatures", out}, {"kernelDims", kernel_dims}});
}

Layer equalized(const std::string& name, Layer inner, double lr_multiplier) {
  inner.name = "0";
  return layer("equalized", name, {{"gain", std::sqrt(2.0)}, {"lrMultiplier", lr_multiplier}},
               {std::move(inner)});
}

Layer blur(const std::string& name, double stride, const Shape& padding) {
  return layer("blur", name, {{"stride", stride}, {"padding", padding}});
}

Layer modulated(const std::string& name, double style, double in, double out, double kernel,
                bool upsample, bool demodulate) {
  return layer("modulatedConv2d", name,
               {{"styleFeatures", style},
                {"inChannels", in},
                {"outChannels", out},
                {"kernelSize", kernel},
                {"upsample", upsample},
                {"demodulate", demodulate},
                {"gain", 1.3},
                {"bias", true}});
}

Options styled_options(double mixing, double noise, double features) {
  return {{"styleFeatures", features},
          {"averageDecay", 0.9},
          {"mixing", mixing},
          {"noiseFeatures", noise},
          {"distribution", "normal"}};
}

Layer styled(const std::string& name, double features, std::vector<Layer> synthesis,
             double mixing) {
  synthesis.insert(synthesis.begin(), layer("constant", "from", {{"shape", Shape{4, 2, 2}}}));
  return layer("styled", name, styled_options(mixing, features),
               {layer("sequential", "mapping", {},
                      {equalized("0", linear("", features, 5), 0.1), layer("tanh", "1")}),
                layer("sequential", "synthesis", {}, std::move(synthesis))});
}

Layer batch_norm(const std::string& name, double features, double eps, bool affine) {
  return layer("batchNorm2d", name,
               {{"numFeatures", features},
                {"eps", eps},
                {"momentum", 0.1},
                {"affine", affine},
                {"trackRunningStats", true}});
}

Layer transposed(const std::string& name, double in, double out, int64_t kernel, int64_t stride,
                 int64_t padding) {
  return layer("convTranspose2d", name,
               {{"inChannels", in},
                {"outChannels", out},
                {"kernelSize", Shape{kernel, kernel}},
                {"stride", Shape{stride, stride}},
                {"padding", Shape{padding, padding}},
                {"outputPadding", Shape{0, 0}},
                {"dilation", Shape{1, 1}},
                {"groups", 1.0},
                {"bias", true}});
}

Layer avg_pool(const std::string& name, int64_t side) {
  return layer("avgPool2d", name,
               {{"kernelSize", Shape{side, side}},
                {"stride", Shape{side, side}},
                {"padding", Shape{0, 0}},
                {"countIncludePad", true}});
}

Layer upsample(const std::string& name, double factor, const std::string& mode) {
  return layer("upsample", name,
               {{"scaleFactor", factor}, {"mode", mode}, {"alignCorners", false}});
}

std::vector<Layer> styled_generator(double noise, double mixing) {
  const auto noisy = [](const char* name, int64_t side) {
    return layer("noiseInjection", name, {{"imageSize", Shape{side, side}}});
  };
  const auto leaky = [](const char* name) {
    return layer("leakyRelu", name, {{"negativeSlope", 0.2}});
  };
  return {styled("0", noise,
                 {modulated("0", 5, 4, 6, 3, true, true), noisy("1", 4), leaky("2"),
                  modulated("3", 5, 6, 3, 3, true, true), noisy("4", 8), leaky("5"),
                  modulated("6", 5, 3, 1, 1, false, false)},
                 mixing)};
}

std::vector<Layer> styled_discriminator() {
  const auto leaky = [](const char* name) {
    return layer("leakyRelu", name, {{"negativeSlope", 0.2}});
  };
  const Shape one(4, 1), two(4, 2);
  const std::vector<Layer> main{equalized("0", conv("", 4, 4, 3, 1)), leaky("1"), blur("2", 1, two),
                                equalized("3", conv("", 4, 6, 3, 0, 2), 0.5), leaky("4")};
  const std::vector<Layer> skip{blur("0", 2, one), equalized("1", conv("", 4, 6, 1, 0))};
  return {equalized("0", conv("", 1, 4, 1, 0)),
          leaky("1"),
          layer("residual", "2", {},
                {layer("sequential", "main", {}, main), layer("sequential", "skip", {}, skip)}),
          blur("3", 1, {2, 1, 2, 1}),
          layer("minibatchStdDev", "4", {{"groupSize", 4.0}}),
          equalized("5", conv("", 7, 4, 3, 1)),
          leaky("6"),
          layer("flatten", "7"),
          equalized("8", linear("", 64, 1))};
}

std::vector<Layer> small_generator(double noise) {
  const auto leaky = [](const char* name) {
    return layer("leakyRelu", name, {{"negativeSlope", 0.2}});
  };
  const auto up = [](const char* name) { return upsample(name, 2); };
  return {
      layer("sequential", "l1", {}, {linear("0", noise, 8 * 2 * 2)}),
      layer("unflatten", "1", {{"shape", Shape{8, 2, 2}}}),
      layer("sequential", "conv_blocks", {},
            {batch_norm("0", 8, 1e-5), up("1"), conv("2", 8, 8, 3, 1), batch_norm("3", 8, 0.8),
             leaky("4"), up("5"), conv("6", 8, 4, 3, 1), batch_norm("7", 4, 0.8), leaky("8"),
             conv("9", 4, 1, 3, 1), layer("tanh", "10")}),
  };
}

std::vector<Layer> small_discriminator() {
  return {layer("flatten", "0"),
          layer("sequential", "model", {},
                {linear("0", 64, 16), layer("leakyRelu", "1", {{"negativeSlope", 0.2}}),
                 linear("2", 16, 1), layer("sigmoid", "3")})};
}

OptimizerChoice adam(double lr, double weight_decay) {
  const Options options{{"lr", lr},
                        {"beta1", 0.5},
                        {"beta2", 0.999},
                        {"eps", 1e-8},
                        {"weightDecay", weight_decay},
                        {"amsgrad", false}};
  return {{"adam", options}, {"constant", {}}, 0};
}

std::shared_ptr<Pair> pair_of(uint64_t seed, const std::vector<Layer>& generator,
                              const std::vector<Layer>& discriminator, const Choice& objective,
                              ScoreKind kind, at::ScalarType precision, const at::Device& device) {
  auto pair = std::make_shared<Pair>();
  pair->stream = std::make_shared<RandomStream>(seed);
  pair->generator = std::make_shared<Network>(generator, device, precision, *pair->stream);
  pair->discriminator = std::make_shared<Network>(discriminator, device, precision, *pair->stream);
  pair->objective = make_objective(objective, kind);
  pair->objective->move_to(device);
  pair->latent = {5, 0, 0};
  pair->generator_optimizer = make_optimizer(adam(2e-4), pair->generator->parameters());
  pair->discriminator_optimizer = make_optimizer(adam(2e-4), pair->discriminator->parameters());
  return pair;
}

void add_penalty(Pair& pair, const Choice& choice) {
  if (choice.type == "pathLength") {
    pair.path_length = std::make_unique<PathLength>(choice.options);
    pair.path_length->move_to(pair.generator->device());
  } else {
    pair.penalties.push_back(make_penalty(choice));
  }
}

OptimizerChoice descent(double lr, double momentum, double clip) {
  return {{"sgd",
           {{"lr", lr},
            {"momentumFrom", momentum},
            {"momentumTo", momentum},
            {"momentumSteps", 1.0},
            {"dampening", 0.0},
            {"nesterov", false},
            {"weightDecay", 0.0}}},
          {"constant", {}},
          clip};
}

std::shared_ptr<Pair> small_pair(uint64_t seed, at::ScalarType precision) {
  return pair_of(seed, small_generator(5), small_discriminator(),
                 {"nonSaturating", {{"labelSmoothing", 0.0}, {"discriminatorLoss", "mean"}}},
                 ScoreKind::kProbability, precision);
}

at::Tensor Hindered::generator_loss(const Scores& scores) const {
  between();
  return of->generator_loss(scores);
}

at::Tensor Hindered::discriminator_loss(const Scores& scores) const {
  return of->discriminator_loss(scores);
}

Hindered& hinder(Pair& pair) {
  auto hindered = std::make_unique<Hindered>(std::move(pair.objective));
  Hindered& objective = *hindered;
  pair.objective = std::move(hindered);
  return objective;
}

double distance(const at::Tensor& a, const at::Tensor& b) {
  return ((a - b).abs().max() / b.abs().max().clamp_min(1e-300)).item<double>();
}

}  // namespace sparring::test
