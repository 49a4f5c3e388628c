// Karras et al. 2018, Progressive Growing of GANs, section 4.1.
#include "core/nn/equalized.h"

#include <cmath>

#include "core/error.h"
#include "core/nn/families.h"

namespace sparring {

Equalized::Equalized(std::shared_ptr<Weighted> inner, double gain, double lr_multiplier,
                     RandomStream& stream)
    : inner_(std::move(inner)), lr_multiplier_(lr_multiplier) {
  const at::Tensor& weight = inner_->weight();
  const at::Tensor& bias = inner_->bias();
  const int64_t inputs = weight.numel() / inner_->outputs();  // of an output
  scale_ = gain * lr_multiplier / std::sqrt(static_cast<double>(inputs));
  register_parameter("weight", weight);
  if (bias.defined()) register_parameter("bias", bias);
  const at::NoGradGuard no_grad;
  weight.normal_(0, 1 / lr_multiplier, stream.cpu());
  if (bias.defined()) bias.zero_();
}

at::Tensor Equalized::forward(const at::Tensor& input, const Context& context) {
  return inner_->apply(input, weight(), bias(), context);
}

at::Tensor Equalized::bias() const {
  return has_own_bias() ? inner_->bias() : inner_->bias() * lr_multiplier_;
}

ModulePtr build_equalized(const Layer& layer, const FirstWeights& from) {
  const Layer& inner = layer.layers.at(0);
  auto weighted = std::dynamic_pointer_cast<Weighted>(build(inner, from));
  if (!weighted) {
    throw Error("ERR_NATIVE", "Expected a layer of weights but received " + inner.type);
  }
  return std::make_shared<Equalized>(std::move(weighted), layer.options.number("gain"),
                                     layer.options.number("lrMultiplier"), from.stream);
}

}  // namespace sparring
