#include "core/test/drawn_layers.h"

#include <algorithm>
#include <stdexcept>

#include "core/test/pairs.h"

namespace sparring::test {
namespace {

// The side of what a window makes of a side; 0 where it does not fit.
int64_t slid(int64_t side, int64_t kernel, int64_t stride, int64_t padding, int64_t dilation) {
  const int64_t rest = side + 2 * padding - dilation * (kernel - 1) - 1;
  return rest < 0 ? 0 : rest / stride + 1;
}

}  // namespace

void DrawnLayers::add_weighted(Layer one) {
  if (!draw_.chance(0.2)) return add(std::move(one));
  one.name = "0";
  if (one.type != "projection" && draw_.chance(0.5)) {
    return add(equalized("", one, draw_.one_of<double>({1, 1, 0.5})));
  }
  add(layer("spectralNorm", "", {{"nPowerIterations", 1.0}, {"eps", 1e-12}}, {one}));
}

void DrawnLayers::add_conv(int64_t out) {
  if (draw_.chance(0.4)) return add_usual_conv(out);
  const auto side = [&] { return draw_.one_of<int64_t>({1, 2, 3, 3, 3, 4, 4, 5, 7}); };
  const Shape square(2, side());
  const Shape kernel = draw_.chance(0.8) ? square : Shape{side(), side()};
  const Shape stride =
      draw_.chance(0.8) ? Shape(2, draw_.integer(1, 2)) : Shape{1, draw_.integer(1, 3)};
  const Shape dilation = draw_.chance(0.9) ? Shape{1, 1} : Shape{1, 2};
  Shape padding{draw_.integer(0, kernel[0] / 2), draw_.integer(0, kernel[1] / 2)};
  if (draw_.chance(0.6)) padding = {(kernel[0] - 1) / 2, (kernel[1] - 1) / 2};
  // Places that see nothing but padding.
  if (draw_.chance(0.1))
    padding = {draw_.integer(0, kernel[0] + 1), draw_.integer(0, kernel[1] + 1)};
  const int64_t tall = slid(height(), kernel[0], stride[0], padding[0], dilation[0]);
  const int64_t wide = slid(width(), kernel[1], stride[1], padding[1], dilation[1]);
  if (tall < 1 || wide < 1 || tall > largest_side_ || wide > largest_side_) return;
  Layer one = conv("", static_cast<double>(shape_[0]), static_cast<double>(out), 1, 0);
  one.options.set("kernelSize", kernel);
  one.options.set("stride", stride);
  one.options.set("padding", padding);
  one.options.set("dilation", dilation);
  one.options.set("groups", draw_groups(out));
  one.options.set("bias", draw_.chance(0.7));
  add_weighted(one);
  shape_ = {out, tall, wide};
}

double DrawnLayers::draw_groups(int64_t out) {
  std::vector<int64_t> fitting;
  for (int64_t groups = 2; groups <= shape_[0]; ++groups) {
    if (shape_[0] % groups == 0 && out % groups == 0) fitting.push_back(groups);
  }
  if (fitting.empty() || draw_.chance(0.85)) return 1;
  return static_cast<double>(draw_.one_of(fitting));
}

// What most networks have, and most rewrites look for.
void DrawnLayers::add_usual_conv(int64_t out) {
  const bool halves = draw_.chance(0.3) && height() > 1 && width() > 1;
  const int64_t kernel = halves ? 4 : draw_.one_of<int64_t>({1, 3, 3});
  Layer one = conv("", static_cast<double>(shape_[0]), static_cast<double>(out), kernel,
                   (kernel - 1) / 2, halves ? 2 : 1);
  one.options.set("bias", draw_.chance(0.7));
  add_weighted(one);
  shape_ = halves ? Shape{out, height() / 2, width() / 2} : Shape{out, height(), width()};
}

void DrawnLayers::add_transposed() {
  const bool doubles = draw_.chance(0.4);
  const int64_t kernel = doubles ? 4 : draw_.integer(1, 5);
  const int64_t stride = doubles ? 2 : draw_.integer(1, 3);
  const int64_t dilation = doubles || draw_.chance(0.9) ? 1 : 2;
  const int64_t most = draw_.chance(0.9) ? kernel / 2 : kernel + 1;
  const int64_t padding = doubles ? 1 : draw_.integer(0, most);
  const int64_t more = stride > 1 && draw_.chance(0.2) ? 1 : 0;
  const auto grown = [&](int64_t side) {
    return (side - 1) * stride - 2 * padding + dilation * (kernel - 1) + 1 + more;
  };
  const int64_t tall = grown(height()), wide = grown(width());
  if (tall < 1 || wide < 1 || tall > largest_side_ || wide > largest_side_) return;
  const int64_t out = draw_.one_of(kChannels);
  Layer one = transposed("", static_cast<double>(shape_[0]), static_cast<double>(out), kernel,
                         stride, padding);
  one.options.set("outputPadding", Shape{more, more});
  one.options.set("dilation", Shape{dilation, dilation});
  one.options.set("groups", draw_groups(out));
  one.options.set("bias", draw_.chance(0.7));
  add_weighted(one);
  shape_ = {out, tall, wide};
}

void DrawnLayers::add_batch_norm() {
  Layer one = batch_norm("", static_cast<double>(shape_[0]), draw_.one_of<double>({1e-5, 0.8}));
  one.options.set("affine", draw_.chance(0.8));
  one.options.set("trackRunningStats", draw_.chance(0.8));
  add(one);
}

void DrawnLayers::add_other_norm() {
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

void DrawnLayers::add_activation() {
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
                               layer("gelu", "", {{"approximate", "tanh"}}),
                               layer("softplus", "", {{"beta", 1.0}, {"threshold", 20.0}})};
  add(draw_.one_of(all));
}

void DrawnLayers::add_upsample() {
  const int64_t factor = draw_.integer(2, 3);
  if (height() * factor > largest_side_ || width() * factor > largest_side_) return;
  add(upsample("", static_cast<double>(factor), draw_.chance(0.8) ? "nearest" : "bilinear"));
  shape_ = {shape_[0], height() * factor, width() * factor};
}

void DrawnLayers::add_pool() {
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

// Pixels elsewhere, more of them around, or blurred.
void DrawnLayers::add_moved() {
  const int64_t channels = shape_[0];
  switch (draw_.integer(0, 4)) {
    case 4: {
      const int64_t stride = draw_.integer(1, 2);
      add(blur("", static_cast<double>(stride), {2, 1, 2, 1}));
      shape_ = {channels, slid(height() + 3, 4, stride, 0, 1), slid(width() + 3, 4, stride, 0, 1)};
      return;
    }
    case 0:
      if (channels % 4 != 0 || 2 * std::max(height(), width()) > largest_side_) return;
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
      if (height() < 2 || width() < 2 || std::max(height(), width()) + 2 > largest_side_) return;
      add(layer(draw_.one_of<std::string>({"zeroPad2d", "reflectionPad2d", "replicationPad2d"}), "",
                {{"padding", Shape{1, 0, 1, 1}}}));
      shape_ = {channels, height() + 2, width() + 1};
  }
}

void DrawnLayers::add_blur() {
  const int64_t stride = draw_.integer(1, 3);
  Shape sides(4, draw_.integer(0, 3));
  if (draw_.chance(0.5)) {
    for (int64_t& side : sides) side = draw_.integer(0, 5);
  }
  const int64_t tall = slid(height() + sides[2] + sides[3], 4, stride, 0, 1);
  const int64_t wide = slid(width() + sides[0] + sides[1], 4, stride, 0, 1);
  if (tall < 1 || wide < 1 || tall > largest_side_ || wide > largest_side_) return;
  add(blur("", static_cast<double>(stride), sides));
  shape_ = {shape_[0], tall, wide};
}

void DrawnLayers::add_residual() {
  DrawnLayers main(draw_, shape_, {}, largest_side_);
  for (int64_t i = draw_.integer(1, 2); i > 0; --i) {
    main.add_activation();
    const double channels = static_cast<double>(shape_[0]);
    main.add(conv("", channels, channels, 3, 1));
  }
  add(layer("residual", "", {}, {layer("sequential", "main", {}, main.layers())}));
}

void DrawnLayers::grow(bool in_discriminator) {
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

Layer score_of(double features, Labels labels) {
  const auto branch = [features](const std::string& name, double out) {
    return layer("sequential", name, {}, {linear("0", features, out)});
  };
  switch (labels) {
    case Labels::kNone:
    case Labels::kGiven:
      return linear("score", features, 1);
    case Labels::kTaken:
      return layer("projection", "score",
                   {{"inFeatures", features}, {"numEmbeddings", static_cast<double>(kClasses)}});
    case Labels::kTold:
      return layer("heads", "score", {}, {branch("score", 1), branch("classes", kClasses)});
  }
  throw std::logic_error("no such labels");
}

void DrawnLayers::end_in_score(Labels labels) {
  add(layer("flatten", ""));
  int64_t features = shape_[0] * height() * width();
  if (draw_.chance(0.4)) {
    const int64_t wide = draw_.integer(1, 40);
    const auto in = static_cast<double>(features), out = static_cast<double>(wide);
    if (draw_.chance(0.3)) {
      add(maxout("", in, out, draw_.integer(2, 6), draw_.chance(0.7)));
    } else {
      add_weighted(linear("", in, out));
    }
    add_activation();
    features = wide;
  }
  const Layer score = score_of(static_cast<double>(features), labels);
  labels == Labels::kTold ? add(score) : add_weighted(score);
}

}  // namespace sparring::test
