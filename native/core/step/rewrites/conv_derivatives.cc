#include "core/step/rewrites/conv_derivatives.h"

#include "core/step/rewrites/conv_source.h"
#include "core/step/rewrites/convolution_by_torch.h"
#include "core/step/rewrites/halving.h"
#include "core/step/rewrites/pointwise.h"

namespace sparring {
namespace {

class DerivableConv : public Rewrite {
 public:
  DerivableConv(const ConvSizes& sizes, std::function<at::Tensor()> weight, at::Tensor bias)
      : by_(c10::make_intrusive<ConvolutionByTorch>(sizes)),
        weight_(std::move(weight)),
        bias_(std::move(bias)) {}
  at::Tensor apply(const at::Tensor& input, const at::Tensor& bias) const override {
    return sparring::apply(by_, input, weight_(), bias);
  }
  const at::Tensor& bias() const override { return bias_; }

 private:
  BilinearPtr by_;
  std::function<at::Tensor()> weight_;
  at::Tensor bias_;
};

}  // namespace

Verdict fuse_conv_derivatives(const ModulePtr& module) {
  if (const auto form = std::dynamic_pointer_cast<Halving>(module)) {
    return form->derive_by_convolutions() ? Verdict{form, ""} : Verdict{};
  }
  if (const auto swapped = std::dynamic_pointer_cast<Pointwise>(module)) {
    const Verdict inner = fuse_conv_derivatives(swapped->conv());
    if (!inner.module) return {};
    swapped->set_conv(inner.module);
    return {swapped, ""};
  }
  if (const auto source = ConvSource::of(module)) {
    const Conv2d& conv = *source->conv;
    return {std::make_shared<DerivableConv>(conv.sizes(), source->weight, conv.bias()), ""};
  }
  const auto conv = std::dynamic_pointer_cast<ConvTranspose2d>(module);
  if (!conv) return {};
  const auto weight = [conv] { return conv->weight(); };
  return {std::make_shared<DerivableConv>(conv->sizes(), weight, conv->bias()), ""};
}

}  // namespace sparring
