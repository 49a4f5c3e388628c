#include "core/test/drawn_networks.h"

#include <algorithm>
#include <exception>
#include <functional>
#include <sstream>

#include "core/test/drawn_layers.h"
#include "core/test/pairs.h"

namespace sparring::test {

int64_t Drawer::integer(int64_t from, int64_t to) {
  // Not a distribution of the standard library, which may be another one elsewhere.
  return from + static_cast<int64_t>(random_() % static_cast<uint64_t>(to - from + 1));
}

bool Drawer::chance(double probability) { return random_() < probability * 4294967296.0; }

namespace {

void write(const std::vector<Layer>& layers, std::ostream& to) {
  for (const Layer& one : layers) {
    to << one.type;
    for (const char* name : {"inChannels", "outChannels", "inFeatures", "outFeatures", "groups",
                             "scaleFactor", "bias", "affine", "mixing"}) {
      try {
        const double value = one.options.number(name);
        to << ' ' << name << ' ' << value;
      } catch (const std::exception&) {
      }
    }
    for (const char* name : {"kernelSize", "stride", "padding", "dilation", "shape"}) {
      try {
        const Shape& shape = one.options.shape(name);
        to << ' ' << name;
        for (const int64_t side : shape) to << ' ' << side;
      } catch (const std::exception&) {
      }
    }
    to << (one.layers.empty() ? "" : " [");
    write(one.layers, to);
    to << (one.layers.empty() ? "; " : "] ");
  }
}

Labels draw_labels(Drawer& draw) {
  return draw.one_of<Labels>(
      {Labels::kNone, Labels::kNone, Labels::kNone, Labels::kTaken, Labels::kTold});
}

// Numbers that a generator starts from.
int64_t latent_of(Labels labels) {
  return labels == Labels::kNone || labels == Labels::kGiven ? 5 : 5 + kClasses;
}

DrawnPair draw_images(Drawer& draw, int64_t largest_side) {
  const Labels labels = draw_labels(draw);
  const int64_t side = draw.chance(0.1) ? 1 : 6;
  const Shape start{draw.one_of(kChannels), draw.integer(1, side), draw.integer(1, side)};
  const auto values = static_cast<double>(start[0] * start[1] * start[2]);
  DrawnLayers generator(draw, start,
                        {linear("0", static_cast<double>(latent_of(labels)), values),
                         layer("unflatten", "1", {{"shape", start}})},
                        largest_side);
  for (int64_t i = draw.integer(0, 7); i > 0; --i) generator.grow(/*in_discriminator=*/false);
  generator.add_conv(draw.integer(1, 3));
  if (draw.chance(0.7)) generator.add_activation();
  DrawnLayers discriminator(draw, generator.shape(), {}, largest_side);
  for (int64_t i = draw.integer(0, 6); i > 0; --i) discriminator.grow(/*in_discriminator=*/true);
  if (labels == Labels::kNone && draw.chance(0.3)) {
    discriminator.end_in_patches();
  } else {
    discriminator.end_in_score(labels);
  }
  return {generator.layers(), discriminator.layers(), generator.shape(), labels};
}

// Linear layers alone, which train without a graph; `drops`: how probable dropout is behind each.
std::vector<Layer> draw_linear(Drawer& draw, int64_t in, const std::function<Layer(int64_t)>& last,
                               double drops = 0.1) {
  std::vector<Layer> layers;
  const auto add = [&layers](Layer one) {
    one.name = std::to_string(layers.size());
    layers.push_back(std::move(one));
  };
  const auto add_linear = [&](int64_t to) {
    Layer one = linear("", static_cast<double>(in), static_cast<double>(to));
    one.options.set("bias", draw.chance(0.8));
    add(one);
    in = to;
  };
  const std::vector<Layer> activations{layer("relu", ""),
                                       layer("leakyRelu", "", {{"negativeSlope", 0.2}}),
                                       layer("tanh", ""), layer("sigmoid", "")};
  for (int64_t i = draw.integer(0, 3); i > 0; --i) {
    add_linear(draw.integer(1, 80));
    if (draw.chance(0.3)) add(batch_norm("", static_cast<double>(in), 0.8));
    if (draw.chance(0.9)) add(draw.one_of(activations));
    if (draw.chance(drops)) add(layer("dropout", "", {{"p", 0.25}}));
  }
  add(last(in));
  return layers;
}

// Layers with a vector of the label beside what they are given.
std::vector<Layer> given_labels(Drawer& draw, int64_t in,
                                const std::function<std::vector<Layer>(int64_t)>& layers) {
  const int64_t width = draw.integer(1, 4);
  std::vector<Layer> all = layers(in + width);
  all.insert(all.begin(), layer("embedding", "label",
                                {{"numEmbeddings", static_cast<double>(kClasses)},
                                 {"embeddingDim", static_cast<double>(width)},
                                 {"combine", std::string("concatenate")}}));
  return all;
}

DrawnPair draw_rows(Drawer& draw, Labels labels, const Shape& image, double drops) {
  const int64_t values = image[1] * image[2];
  const auto to_image = [&](int64_t in) {
    return linear("", static_cast<double>(in), static_cast<double>(values));
  };
  const auto to_score = [&](int64_t in) { return score_of(static_cast<double>(in), labels); };
  const auto made = [&](int64_t in, const std::function<Layer(int64_t)>& last) {
    const auto layers = [&](int64_t width) { return draw_linear(draw, width, last, drops); };
    return labels == Labels::kGiven ? given_labels(draw, in, layers) : layers(in);
  };
  std::vector<Layer> generator = made(latent_of(labels), to_image);
  if (draw.chance(0.7)) generator.push_back(layer("tanh", "last"));
  generator.push_back(layer("unflatten", "image", {{"shape", image}}));
  std::vector<Layer> discriminator = made(values, to_score);
  discriminator.insert(discriminator.begin(), layer("flatten", "pixels"));
  return {generator, discriminator, image, labels};
}

Shape draw_sides(Drawer& draw) {
  const int64_t height = draw.integer(1, 8);
  return {1, height, draw.integer(1, 8)};
}

}  // namespace

DrawnPair draw_dropping_pair(Drawer& draw) {
  const Shape image = draw_sides(draw);
  const Labels labels = draw.chance(0.5) ? Labels::kGiven : draw_labels(draw);
  return draw_rows(draw, labels, image, draw.one_of<double>({0, 0.4, 0.8}));
}

DrawnPair draw_styled_pair(Drawer& draw) {
  constexpr int64_t kLargestSide = 16;
  const Shape start{draw.one_of(kChannels), draw.integer(1, 5), draw.integer(1, 5)};
  std::vector<Layer> synthesis{layer("constant", "from", {{"shape", start}})};
  const auto add = [&synthesis](Layer one) {
    one.name = std::to_string(synthesis.size());
    synthesis.push_back(std::move(one));
  };
  Shape shape = start;
  const auto modulate = [&](int64_t out, int64_t kernel, bool upsample, bool demodulate) {
    Layer one = modulated("", 5, static_cast<double>(shape[0]), static_cast<double>(out),
                          static_cast<double>(kernel), upsample, demodulate);
    one.options.set("bias", draw.chance(0.8));
    add(std::move(one));
    const int64_t times = upsample ? 2 : 1;
    shape = {out, times * shape[1], times * shape[2]};
  };
  const std::vector<Layer> activations{layer("leakyRelu", "", {{"negativeSlope", 0.2}}),
                                       layer("relu", ""), layer("tanh", ""),
                                       layer("leakyRelu", "", {{"negativeSlope", -0.1}})};
  for (int64_t i = draw.integer(1, 4); i > 0; --i) {
    const bool fits = 2 * std::max(shape[1], shape[2]) <= kLargestSide;
    modulate(draw.one_of(kChannels), draw.one_of<int64_t>({1, 3, 3, 5}), fits && draw.chance(0.4),
             draw.chance(0.8));
    if (draw.chance(0.7)) {
      add(layer("noiseInjection", "", {{"imageSize", Shape{shape[1], shape[2]}}}));
    }
    if (draw.chance(0.8)) add(draw.one_of(activations));
  }
  modulate(draw.integer(1, 3), 1, false, false);
  const std::vector<Layer> mapping{equalized("0", linear("", 5, 5), 0.1), layer("tanh", "1")};
  DrawnLayers discriminator(draw, shape, {}, kLargestSide);
  for (int64_t i = draw.integer(1, 3); i > 0; --i) {
    discriminator.add_blur();
    discriminator.add_conv(draw.one_of(kChannels));
    discriminator.add_activation();
  }
  discriminator.end_in_score(Labels::kNone);
  return {{layer("styled", "0", styled_options(draw.chance(0.3) ? 0.7 : 0, 5),
                 {layer("sequential", "mapping", {}, mapping),
                  layer("sequential", "synthesis", {}, synthesis)})},
          discriminator.layers(),
          shape};
}

DrawnPair draw_pair(Drawer& draw, int64_t largest_side) {
  if (!draw.chance(0.25)) return draw_images(draw, largest_side);
  const Shape image = draw_sides(draw);
  return draw_rows(draw, draw_labels(draw), image, 0.1);
}

std::string text_of(const std::vector<Layer>& layers) {
  std::ostringstream text;
  write(layers, text);
  return text.str();
}

}  // namespace sparring::test
