#include "core/step/rewrites/modulation.h"

#include "core/nn/activation.h"
#include "core/nn/on_pixels.h"
#include "core/step/rewrites/blur.h"
#include "core/step/rewrites/channels_last.h"
#include "core/step/rewrites/shade.h"

namespace sparring {
namespace {

// Loops over fewer do not fill a vector.
constexpr int64_t kFewestChannels = 8;
constexpr const char* kTooFew = "it needs at least 8 channels";

}  // namespace

bool Modulation::is_wide() const { return layer_->weight().size(0) >= kFewestChannels; }

at::Tensor Modulation::scaled(const at::Tensor& input, const at::Tensor& style) const {
  if (input.size(1) >= kFewestChannels) return shade(input, {style, {}, {}, {}});
  return input * on_pixels(style);
}

at::Tensor Modulation::forward(const at::Tensor& input, const Context& context) {
  const at::Tensor style = layer_->style(context);
  at::Tensor made = convolved(scaled(input, style));
  if (!is_wide()) return layer_->finished(std::move(made), style);
  const at::Tensor factors = layer_->demodulates()
                                 ? layer_->demodulation(style)
                                 : at::ones({made.size(0), made.size(1)}, made.options());
  Shade by{factors, layer_->bias(), {}, {}, slope_};
  if (noise_) {
    by.noise = noise_->noise_for(made, context);
    by.strength = noise_->strength();
  }
  return shade(made, by);
}

at::Tensor Modulation::convolved(const at::Tensor& x) const {
  const at::Tensor& weight = layer_->weight();
  const ConvSizes& sizes = layer_->sizes();
  if (!sizes.transposed) {
    return by_ ? sparring::apply(by_, x, weight)
               : at::conv2d(readable(x, weight, sizes), weight, {}, sizes.stride, sizes.padding);
  }
  const at::Tensor turned = weight.transpose(0, 1);
  return blur_image(
      by_ ? sparring::apply(by_, x, turned)
          : at::conv_transpose2d(readable(x, turned, sizes), turned, {}, sizes.stride),
      *layer_->blur());
}

Verdict fuse_modulation(const ModulePtr& module) {
  auto layer = std::dynamic_pointer_cast<ModulatedConv2d>(module);
  if (!layer) return {};
  const at::Tensor& weight = layer->weight();
  if (!weight.is_cpu()) return refuse("its loops are the CPU's");
  const bool is_narrow = std::max(weight.size(0), weight.size(1)) < kFewestChannels;
  if (is_narrow && layer->blur() == nullptr) return refuse(kTooFew);
  return {std::make_shared<Modulation>(std::move(layer)), ""};
}

Verdict fuse_modulation_noise(const ModulePtr& modulation, const ModulePtr& noise) {
  const auto form = std::dynamic_pointer_cast<Modulation>(modulation);
  auto injection = std::dynamic_pointer_cast<NoiseInjection>(noise);
  if (!form || !injection) return {};
  if (!form->is_wide()) return refuse(kTooFew);
  form->take_noise(std::move(injection));
  return {form, ""};
}

Verdict fuse_modulation_activation(const ModulePtr& modulation, const ModulePtr& activation) {
  const auto form = std::dynamic_pointer_cast<Modulation>(modulation);
  const auto bend = std::dynamic_pointer_cast<Activation>(activation);
  if (!form || !bend) return {};
  if (!form->is_wide()) return refuse(kTooFew);
  const auto [curve, slope] = bend->nonlinearity();
  // Below a slope of 0 the sign of the output would not tell that of the input.
  if (curve != Curve::kLeakyRelu || slope < 0) return refuse("it is for ReLU and leaky ReLU");
  form->take_slope(slope);
  return {form, ""};
}

}  // namespace sparring
