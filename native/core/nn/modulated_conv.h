// Karras et al. 2020, Analyzing and Improving the Image Quality of StyleGAN, section 2.2.
#pragma once

#include "core/nn/blur.h"
#include "core/nn/convolution.h"
#include "core/nn/equalized.h"

namespace sparring {

// A convolution whose input channels the style scales, sample by sample. What is scaled are the
// images and not the weights: so there is one convolution for all samples, and the norms of their
// scaled weights are a product of matrices.
class ModulatedConv2d : public Module {
 public:
  ModulatedConv2d(const Layer& layer, RandomStream& stream);
  // [N, C, H, W] -> [N, out, H, W] or [N, out, 2H, 2W]
  at::Tensor forward(const at::Tensor& input, const Context& context) override;

  // For the rewrites of step/, which have the same parts in another form.
  // What the input channels are multiplied by, [N, C].
  at::Tensor style(const Context& context);
  bool demodulates() const { return demodulates_; }
  // Which it is of the layers that take one style, in their order.
  void set_place(int64_t place) { place_ = place; }
  // What the outputs of the convolution are multiplied by then, [N, out], of that style.
  at::Tensor demodulation(const at::Tensor& style) const;
  // The outputs of the convolution, demodulated and with the bias.
  at::Tensor finished(at::Tensor made, const at::Tensor& style) const;
  const at::Tensor& weight() const { return weight_; }
  // Undefined where there is none.
  const at::Tensor& bias() const { return bias_; }
  const ConvSizes& sizes() const { return sizes_; }
  // What follows the transposed convolution; null where the layer keeps height and width.
  Blur* blur() const { return blur_.get(); }

 private:
  at::Tensor convolved(const at::Tensor& x);

  int64_t place_ = 0;
  bool demodulates_;
  double gain_;
  ConvSizes sizes_;
  std::shared_ptr<Equalized> affine_;
  std::unique_ptr<Blur> blur_;
  at::Tensor weight_, bias_;
};

}  // namespace sparring
