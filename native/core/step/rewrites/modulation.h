// ModulatedConv2d, what comes after it, and its convolution, in other forms: the same function of
// the same parameters.
#pragma once

#include "core/nn/modulated_conv.h"
#include "core/nn/noise.h"
#include "core/step/rewrites/bilinear.h"
#include "core/step/rewrites/rewrite.h"

namespace sparring {

// The layer with what scales its input in one pass, and in another one its factors, its bias, and
// what it has taken in (shade.h), where there are channels enough for passes of their own. Its blur
// is that of blur.h.
class Modulation : public Module {
 public:
  explicit Modulation(std::shared_ptr<ModulatedConv2d> layer) : layer_(std::move(layer)) {}
  // [N, C, H, W] -> [N, out, H, W] or [N, out, 2H, 2W]
  at::Tensor forward(const at::Tensor& input, const Context& context) override;

  const ModulatedConv2d& layer() const { return *layer_; }
  // By that instead of libtorch's convolution.
  void convolve_by(BilinearPtr by) { by_ = std::move(by); }
  // What follows the layer is done with it. Noise comes before an activation.
  void take_noise(std::shared_ptr<NoiseInjection> noise) { noise_ = std::move(noise); }
  void take_slope(double slope) { slope_ = slope; }
  // What it makes has channels enough for a pass of its own.
  bool is_wide() const;

 private:
  at::Tensor scaled(const at::Tensor& input, const at::Tensor& style) const;
  at::Tensor convolved(const at::Tensor& x) const;

  std::shared_ptr<ModulatedConv2d> layer_;
  BilinearPtr by_;  // null: libtorch's own
  std::shared_ptr<NoiseInjection> noise_;
  double slope_ = 1;
};

// The layer in that form, where it pays.
Verdict fuse_modulation(const ModulePtr& module);

// Such a form with the noise after it, or the (leaky) ReLU.
Verdict fuse_modulation_noise(const ModulePtr& modulation, const ModulePtr& noise);
Verdict fuse_modulation_activation(const ModulePtr& modulation, const ModulePtr& activation);

}  // namespace sparring
