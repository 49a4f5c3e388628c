#include "core/nn/modulated_conv.h"

#include <cmath>

#include "core/error.h"
#include "core/nn/families.h"
#include "core/nn/linear.h"
#include "core/nn/on_pixels.h"

namespace sparring {
namespace {

// Added to the square of a norm.
constexpr double kEps = 1e-8;

}  // namespace

ModulatedConv2d::ModulatedConv2d(const Layer& layer, RandomStream& stream)
    : demodulates_(layer.options.flag("demodulate")), gain_(layer.options.number("gain")) {
  const int64_t in = layer.options.integer("inChannels");
  const int64_t out = layer.options.integer("outChannels");
  const int64_t kernel = layer.options.integer("kernelSize");
  const auto affine =
      std::make_shared<Linear>(layer.options.integer("styleFeatures"), in, true, stream);
  affine_ = register_module("affine", std::make_shared<Equalized>(affine, 1, 1, stream));
  weight_ = register_parameter("weight", at::empty({out, in, kernel, kernel}));
  if (layer.options.flag("bias")) bias_ = register_parameter("bias", at::zeros({out}));
  const at::NoGradGuard no_grad;
  affine->bias().fill_(1);
  weight_.normal_(0, 1, stream.cpu());
  sizes_ = {.stride = {1, 1}, .padding = Shape(2, kernel / 2), .dilation = {1, 1}};
  if (!demodulates_) gain_ /= std::sqrt(static_cast<double>(in * kernel * kernel));
  if (!layer.options.flag("upsample")) return;
  sizes_ = {.stride = {2, 2}, .padding = {0, 0}, .dilation = {1, 1}, .transposed = true};
  blur_ = std::make_unique<Blur>(1, Shape(4, (5 - kernel) / 2), /*gain=*/4);
}

at::Tensor ModulatedConv2d::forward(const at::Tensor& input, const Context& context) {
  const at::Tensor scale = style(context);
  return finished(convolved(input * on_pixels(scale)), scale);
}

at::Tensor ModulatedConv2d::finished(at::Tensor made, const at::Tensor& style) const {
  if (demodulates_) made = made * on_pixels(demodulation(style));
  return bias_.defined() ? made + bias_.unsqueeze(1).unsqueeze(2) : made;
}

at::Tensor ModulatedConv2d::style(const Context& context) {
  if (!context.style.defined()) {
    throw Error("ERR_NATIVE", "Expected a style for a modulated convolution but received none");
  }
  // Where they meet is read by nobody here: a recorded step mixes anew each time.
  const at::Tensor seen =
      context.crossover.defined()
          ? at::where(context.crossover > place_, context.style, context.other_style)
          : context.style;
  const at::Tensor scale = affine_->forward(seen, context);
  return demodulates_ ? scale : scale * gain_;
}

at::Tensor ModulatedConv2d::demodulation(const at::Tensor& style) const {
  const at::Tensor squares = at::linear(style.square(), weight_.square().sum({2, 3}));
  return (squares + kEps).rsqrt() * gain_;
}

at::Tensor ModulatedConv2d::convolved(const at::Tensor& x) {
  if (!blur_) {
    return at::conv2d(readable(x, weight_, sizes_), weight_, {}, sizes_.stride, sizes_.padding);
  }
  const at::Tensor weight = weight_.transpose(0, 1);
  return blur_->forward(
      at::conv_transpose2d(readable(x, weight, sizes_), weight, {}, sizes_.stride));
}

ModulePtr build_modulated_conv2d(const Layer& layer, const FirstWeights& from) {
  return std::make_shared<ModulatedConv2d>(layer, from.stream);
}

}  // namespace sparring
