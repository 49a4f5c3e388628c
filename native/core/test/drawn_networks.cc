#include "core/test/drawn_networks.h"

#include <algorithm>
#include <functional>
#include <sstream>
#include <stdexcept>

#include "core/test/pairs.h"

namespace sparring::test {
namespace {

constexpr int64_t kLargestSide = 20;
constexpr int64_t kClasses = 3;
// Few, many, odd ones, and enough for the products that only pay then.
const std::vector<int64_t> kChannels{1, 2, 3, 4, 5, 8, 16, 32, 33};

// Grows a list of layers, and knows what comes out of the last.
class Stack {
 public:
  Stack(Drawer& draw, Shape image, std::vector<Layer> layers = {})
      : draw_(draw), shape_(std::move(image)), layers_(std::move(layers)) {}

  // One more, of any kind that fits.
  void grow(bool in_discriminator);
  void add_conv(int64_t out);
  void add_activation();
  void end_in_score(Labels labels);

  const Shape& shape() const { return shape_; }
  std::vector<Layer> layers() const { return layers_; }

 private:
  void add(Layer one) {
    one.name = std::to_string(layers_.size());
    layers_.push_back(std::move(one));
  }
  // Inside of a spectral normalisation now and then.
  void add_weighted(Layer one);
  void add_usual_conv(int64_t out);
  void add_transposed();
  void add_batch_norm();
  void add_other_norm();
  void add_upsample();
  void add_pool();
  void add_moved();
  void add_residual();
  int64_t height() const { return shape_[1]; }
  int64_t width() const { return shape_[2]; }

  Drawer& draw_;
  Shape shape_;
  std::vector<Layer> layers_;
};

// The side of what a window makes of a side; 0 where it does not fit.
int64_t slid(int64_t side, int64_t kernel, int64_t stride, int64_t padding, int64_t dilation) {
  const int64_t rest = side + 2 * padding - dilation * (kernel - 1) - 1;
  return rest < 0 ? 0 : rest / stride + 1;
}

void Stack::add_weighted(Layer one) {
  if (!draw_.chance(0.1)) return add(std::move(one));
  one.name = "0";
  add(layer("spectralNorm", "", {{"nPowerIterations", 1.0}, {"eps", 1e-12}}, {one}));
}

void Stack::add_conv(int64_t out) {
  if (draw_.chance(0.4)) return add_usual_conv(out);
  const auto side = [&] { return draw_.one_of<int64_t>({1, 2, 3, 3, 3, 4, 4, 5}); };
  const Shape square(2, side());
  const Shape kernel = draw_.chance(0.8) ? square : Shape{side(), side()};
  const Shape stride =
      draw_.chance(0.8) ? Shape(2, draw_.integer(1, 2)) : Shape{1, draw_.integer(1, 3)};
  const Shape dilation = draw_.chance(0.9) ? Shape{1, 1} : Shape{1, 2};
  Shape padding{draw_.integer(0, kernel[0] / 2), draw_.integer(0, kernel[1] / 2)};
  if (draw_.chance(0.6)) padding = {(kernel[0] - 1) / 2, (kernel[1] - 1) / 2};
  const int64_t tall = slid(height(), kernel[0], stride[0], padding[0], dilation[0]);
  const int64_t wide = slid(width(), kernel[1], stride[1], padding[1], dilation[1]);
  if (tall < 1 || wide < 1 || tall > kLargestSide || wide > kLargestSide) return;
  Layer one = conv("", static_cast<double>(shape_[0]), static_cast<double>(out), 1, 0);
  const bool divides = shape_[0] % 2 == 0 && out % 2 == 0;
  one.options.set("kernelSize", kernel);
  one.options.set("stride", stride);
  one.options.set("padding", padding);
  one.options.set("dilation", dilation);
  one.options.set("groups", divides && draw_.chance(0.1) ? 2.0 : 1.0);
  one.options.set("bias", draw_.chance(0.7));
  add_weighted(one);
  shape_ = {out, tall, wide};
}

// What most networks have, and most rewrites look for.
void Stack::add_usual_conv(int64_t out) {
  const bool halves = draw_.chance(0.3) && height() > 1 && width() > 1;
  const int64_t kernel = halves ? 4 : draw_.one_of<int64_t>({1, 3, 3});
  Layer one = conv("", static_cast<double>(shape_[0]), static_cast<double>(out), kernel,
                   (kernel - 1) / 2, halves ? 2 : 1);
  one.options.set("bias", draw_.chance(0.7));
  add_weighted(one);
  shape_ = halves ? Shape{out, height() / 2, width() / 2} : Shape{out, height(), width()};
}

void Stack::add_transposed() {
  const bool doubles = draw_.chance(0.4);
  const int64_t kernel = doubles ? 4 : draw_.integer(1, 5);
  const int64_t stride = doubles ? 2 : draw_.integer(1, 3);
  const int64_t padding = doubles ? 1 : draw_.integer(0, kernel / 2);
  const int64_t more = stride > 1 && draw_.chance(0.2) ? 1 : 0;
  const auto grown = [&](int64_t side) {
    return (side - 1) * stride - 2 * padding + kernel + more;
  };
  const int64_t tall = grown(height()), wide = grown(width());
  if (tall < 1 || wide < 1 || tall > kLargestSide || wide > kLargestSide) return;
  const int64_t out = draw_.one_of(kChannels);
  Layer one = transposed("", static_cast<double>(shape_[0]), static_cast<double>(out), kernel,
                         stride, padding);
  one.options.set("outputPadding", Shape{more, more});
  one.options.set("bias", draw_.chance(0.7));
  add_weighted(one);
  shape_ = {out, tall, wide};
}

void Stack::add_batch_norm() {
  Layer one = batch_norm("", static_cast<double>(shape_[0]), draw_.one_of<double>({1e-5, 0.8}));
  one.options.set("affine", draw_.chance(0.8));
  one.options.set("trackRunningStats", draw_.chance(0.8));
  add(one);
}

void Stack::add_other_norm() {
  // Of a single value, or of equal ones, it is rounding noise that is normalised.
  if (shape_[0] < 4) return;
  const auto channels = static_cast<double>(shape_[0]);
  const Options groups{{"numGroups", shape_[0] % 2 == 0 ? 2.0 : 1.0},
                       {"numChannels", channels},
                       {"eps", 1e-2},
                       {"affine", draw_.chance(0.5)}};
  const std::vector<Layer> norms{
      layer("groupNorm", "", groups), layer("pixelNorm", "", {{"eps", 1e-2}}),
      layer("selfAttention2d", "", {{"channels", channels}, {"reduction", 2.0}}),
      layer("layerNorm", "",
            {{"normalizedShape", shape_},
             {"eps", 1e-2},
             {"elementwiseAffine", true},
             {"bias", true}})};
  const bool instances = height() * width() > 3 && draw_.chance(0.3);
  add(instances ? layer("instanceNorm2d", "",
                        {{"numFeatures", channels}, {"eps", 1e-2}, {"affine", draw_.chance(0.5)}})
                : draw_.one_of(norms));
}

void Stack::add_activation() {
  const std::vector<Layer> all{layer("relu", ""),
                               layer("leakyRelu", "", {{"negativeSlope", 0.2}}),
                               layer("leakyRelu", "", {{"negativeSlope", 0.2}}),
                               layer("leakyRelu", "", {{"negativeSlope", -0.1}}),
                               layer("tanh", ""),
                               layer("sigmoid", ""),
                               layer("silu", ""),
                               layer("selu", ""),
                               layer("mish", ""),
                               layer("prelu", "", {{"numParameters", 1.0}, {"init", 0.25}}),
                               layer("elu", "", {{"alpha", 0.7}}),
                               layer("gelu", "", {{"approximate", "none"}}),
                               layer("softplus", "", {{"beta", 1.0}, {"threshold", 20.0}})};
  add(draw_.one_of(all));
}

void Stack::add_upsample() {
  const int64_t factor = draw_.integer(2, 3);
  if (height() * factor > kLargestSide || width() * factor > kLargestSide) return;
  add(upsample("", static_cast<double>(factor), draw_.chance(0.8) ? "nearest" : "bilinear"));
  shape_ = {shape_[0], height() * factor, width() * factor};
}

void Stack::add_pool() {
  const int64_t kernel = draw_.one_of<int64_t>({1, 2, 2, 2, 3});
  const int64_t stride = draw_.chance(0.7) ? kernel : 1;
  const int64_t padding = draw_.chance(0.8) ? 0 : kernel / 2;
  if (height() + 2 * padding < kernel || width() + 2 * padding < kernel) return;
  Layer one = avg_pool("", kernel);
  one.options.set("stride", Shape{stride, stride});
  one.options.set("padding", Shape{padding, padding});
  one.options.set("countIncludePad", draw_.chance(0.5));
  if (draw_.chance(0.3)) one.type = "maxPool2d";
  add(one);
  shape_ = {shape_[0], slid(height(), kernel, stride, padding, 1),
            slid(width(), kernel, stride, padding, 1)};
}

// Pixels elsewhere, or more of them around.
void Stack::add_moved() {
  const int64_t channels = shape_[0];
  switch (draw_.integer(0, 3)) {
    case 0:
      if (channels % 4 != 0 || 2 * std::max(height(), width()) > kLargestSide) return;
      add(layer("pixelShuffle", "", {{"upscaleFactor", 2.0}}));
      shape_ = {channels / 4, 2 * height(), 2 * width()};
      return;
    case 1:
      if (height() % 2 != 0 || width() % 2 != 0) return;
      add(layer("pixelUnshuffle", "", {{"downscaleFactor", 2.0}}));
      shape_ = {4 * channels, height() / 2, width() / 2};
      return;
    case 2: {
      const Shape size{draw_.integer(1, height()), draw_.integer(1, width())};
      add(layer("adaptiveAvgPool2d", "", {{"outputSize", size}}));
      shape_ = {channels, size[0], size[1]};
      return;
    }
    default:
      if (height() < 2 || width() < 2 || std::max(height(), width()) + 2 > kLargestSide) return;
      add(layer(draw_.one_of<std::string>({"zeroPad2d", "reflectionPad2d", "replicationPad2d"}), "",
                {{"padding", Shape{1, 0, 1, 1}}}));
      shape_ = {channels, height() + 2, width() + 1};
  }
}

void Stack::add_residual() {
  Stack main(draw_, shape_);
  for (int64_t i = draw_.integer(1, 2); i > 0; --i) {
    main.add_activation();
    const double channels = static_cast<double>(shape_[0]);
    main.add(conv("", channels, channels, 3, 1));
  }
  add(layer("residual", "", {}, {layer("sequential", "main", {}, main.layers())}));
}

void Stack::grow(bool in_discriminator) {
  switch (draw_.integer(0, 9)) {
    case 0:
    case 1:
      // Neighbours that are rewritten together.
      if (draw_.chance(0.3)) add_upsample();
      add_conv(draw_.one_of(kChannels));
      return draw_.chance(0.4) ? add_pool() : void();
    case 2:
      return in_discriminator ? add_pool() : add_transposed();
    case 3:
      return in_discriminator && draw_.chance(0.5) ? add_conv(draw_.one_of(kChannels))
                                                   : add_batch_norm();
    case 4:
    case 5:
      return add_activation();
    case 6:
      return draw_.chance(0.6) ? add_upsample() : add_pool();
    case 7:
      return add_other_norm();
    case 8:
      return add_residual();
    default:
      if (draw_.chance(0.3)) return add(layer("dropout", "", {{"p", 0.25}}));
      if (draw_.chance(0.3)) return add(layer("dropout2d", "", {{"p", 0.25}}));
      if (draw_.chance(0.3)) return add(layer("gaussianNoise", "", {{"std", 0.25}}));
      return add_moved();
  }
}

// The last layer of a discriminator of so many features.
Layer score_of(double features, Labels labels) {
  const auto branch = [features](const std::string& name, double out) {
    return layer("sequential", name, {}, {linear("0", features, out)});
  };
  switch (labels) {
    case Labels::kNone:
      return linear("score", features, 1);
    case Labels::kTaken:
      return layer("projection", "score",
                   {{"inFeatures", features}, {"numEmbeddings", static_cast<double>(kClasses)}});
    case Labels::kTold:
      return layer("heads", "score", {}, {branch("score", 1), branch("classes", kClasses)});
  }
  throw std::logic_error("no such labels");
}

void Stack::end_in_score(Labels labels) {
  add(layer("flatten", ""));
  int64_t features = shape_[0] * height() * width();
  if (draw_.chance(0.4)) {
    const int64_t wide = draw_.integer(1, 40);
    add_weighted(linear("", static_cast<double>(features), static_cast<double>(wide)));
    add_activation();
    features = wide;
  }
  const Layer score = score_of(static_cast<double>(features), labels);
  labels == Labels::kNone ? add_weighted(score) : add(score);
}

void write(const std::vector<Layer>& layers, std::ostream& to) {
  for (const Layer& one : layers) {
    to << one.type;
    for (const char* name : {"inChannels", "outChannels", "inFeatures", "outFeatures", "groups",
                             "scaleFactor", "bias", "affine"}) {
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

}  // namespace

int64_t Drawer::integer(int64_t from, int64_t to) {
  // Not a distribution of the standard library, which may be another one elsewhere.
  return from + static_cast<int64_t>(random_() % static_cast<uint64_t>(to - from + 1));
}

bool Drawer::chance(double probability) { return random_() < probability * 4294967296.0; }

namespace {

Labels draw_labels(Drawer& draw) {
  return draw.one_of<Labels>(
      {Labels::kNone, Labels::kNone, Labels::kNone, Labels::kTaken, Labels::kTold});
}

// Numbers that a generator starts from.
int64_t latent_of(Labels labels) { return labels == Labels::kNone ? 5 : 5 + kClasses; }

DrawnPair draw_images(Drawer& draw) {
  const Labels labels = draw_labels(draw);
  const Shape start{draw.one_of(kChannels), draw.integer(1, 6), draw.integer(1, 6)};
  const auto values = static_cast<double>(start[0] * start[1] * start[2]);
  Stack generator(draw, start,
                  {linear("0", static_cast<double>(latent_of(labels)), values),
                   layer("unflatten", "1", {{"shape", start}})});
  for (int64_t i = draw.integer(0, 7); i > 0; --i) generator.grow(/*in_discriminator=*/false);
  generator.add_conv(draw.integer(1, 3));
  if (draw.chance(0.7)) generator.add_activation();
  Stack discriminator(draw, generator.shape());
  for (int64_t i = draw.integer(0, 6); i > 0; --i) discriminator.grow(/*in_discriminator=*/true);
  discriminator.end_in_score(labels);
  return {generator.layers(), discriminator.layers(), generator.shape(), labels};
}

// Linear layers alone, which train without a graph.
std::vector<Layer> draw_linear(Drawer& draw, int64_t in,
                               const std::function<Layer(int64_t)>& last) {
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
    if (draw.chance(0.1)) add(layer("dropout", "", {{"p", 0.25}}));
  }
  add(last(in));
  return layers;
}

DrawnPair draw_rows(Drawer& draw) {
  const Shape image{1, draw.integer(1, 8), draw.integer(1, 8)};
  const int64_t values = image[1] * image[2];
  const Labels labels = draw_labels(draw);
  const auto to_image = [&](int64_t in) {
    return linear("", static_cast<double>(in), static_cast<double>(values));
  };
  const auto to_score = [&](int64_t in) { return score_of(static_cast<double>(in), labels); };
  std::vector<Layer> generator = draw_linear(draw, latent_of(labels), to_image);
  if (draw.chance(0.7)) generator.push_back(layer("tanh", "last"));
  generator.push_back(layer("unflatten", "image", {{"shape", image}}));
  std::vector<Layer> discriminator = draw_linear(draw, values, to_score);
  discriminator.insert(discriminator.begin(), layer("flatten", "pixels"));
  return {generator, discriminator, image, labels};
}

}  // namespace

DrawnPair draw_pair(Drawer& draw) {
  return draw.chance(0.25) ? draw_rows(draw) : draw_images(draw);
}

std::string text_of(const std::vector<Layer>& layers) {
  std::ostringstream text;
  write(layers, text);
  return text.str();
}

}  // namespace sparring::test
