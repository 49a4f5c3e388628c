#include "core/test/pairs.h"

namespace sparring::test {

Layer layer(const std::string& type, const std::string& name, std::map<std::string, Option> options,
            std::vector<Layer> layers) {
  return {type, name, std::move(options), std::move(layers)};
}

Layer linear(const std::string& name, double in, double out) {
  return layer("linear", name, {{"inFeatures", in}, {"outFeatures", out}, {"bias", true}});
}

Layer conv(const std::string& name, double in, double out, int64_t kernel, int64_t padding,
           int64_t stride) {
  return layer("conv2d", name,
               {{"inChannels", in},
                {"outChannels", out},
                {"kernelSize", Shape{kernel, kernel}},
                {"stride", Shape{stride, stride}},
                {"padding", Shape{padding, padding}},
                {"bias", true}});
}

Layer batch_norm(const std::string& name, double features, double eps) {
  return layer("batchNorm2d", name, {{"numFeatures", features}, {"eps", eps}, {"momentum", 0.1}});
}

std::vector<Layer> small_generator(double noise) {
  const auto leaky = [](const char* name) {
    return layer("leakyRelu", name, {{"negativeSlope", 0.2}});
  };
  const auto up = [](const char* name) { return layer("upsample", name, {{"scaleFactor", 2.0}}); };
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

Pair small_pair(uint64_t seed, at::ScalarType precision) {
  Pair pair;
  pair.stream = std::make_shared<RandomStream>(seed);
  pair.generator = std::make_shared<Network>(small_generator(5), at::kCPU, precision, *pair.stream);
  pair.discriminator =
      std::make_shared<Network>(small_discriminator(), at::kCPU, precision, *pair.stream);
  pair.objective = make_objective("nonSaturating", Scores::kProbability);
  pair.latent = {5, 0, 0};
  const AdamOptions options{2e-4, 0.5, 0.999, 1e-8, 0};
  pair.generator_optimizer = std::make_unique<Adam>(pair.generator->parameters(), options);
  pair.discriminator_optimizer = std::make_unique<Adam>(pair.discriminator->parameters(), options);
  return pair;
}

double distance(const at::Tensor& a, const at::Tensor& b) {
  return ((a - b).abs().max() / b.abs().max().clamp_min(1e-300)).item<double>();
}

}  // namespace sparring::test
