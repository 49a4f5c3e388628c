#include "core/step/rewrites/halving.h"

#include <torch/csrc/autograd/custom_function.h>

#include "core/linalg/batch_product.h"
#include "core/step/rewrites/channels_last.h"
#include "core/step/rewrites/conv_source.h"
#include "core/step/rewrites/halving_kernels.h"
#include "core/step/rewrites/winograd.h"

namespace sparring {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

at::Tensor run(const at::Tensor& image, const at::Tensor& weight, bool halves) {
  return halves ? halving::halve(channels_last(image), weight)
                : halving::twice(channels_last(image), weight);
}

class HalvingFunction : public torch::autograd::Function<HalvingFunction> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& image,
                            const at::Tensor& weight, bool halves) {
    context->save_for_backward({image, weight});
    context->saved_data["halves"] = halves;
    return run(image, weight, halves);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &image = saved[0], &weight = saved[1];
    const bool halves = context->saved_data["halves"].toBool();
    if (at::GradMode::is_enabled()) {
      return differentiable(*context, gradients[0], image, weight, halves);
    }
    const at::Tensor gradient = channels_last(gradients[0]);
    variable_list wanted(3);
    if (context->needs_input_grad(0)) {
      wanted[0] = run(gradient, weight, !halves);
    }
    if (context->needs_input_grad(1)) {
      const at::Tensor other = channels_last(image);
      wanted[1] = halving::weight_gradient(halves ? other : gradient, halves ? gradient : other);
    }
    return wanted;
  }

 private:
  // The same with a graph of its own.
  static variable_list differentiable(const AutogradContext& context, const at::Tensor& gradient,
                                      const at::Tensor& image, const at::Tensor& weight,
                                      bool halves) {
    const auto [of_image, of_weight, _] = at::convolution_backward(
        gradient, image, weight, /*bias_sizes=*/std::nullopt, /*stride=*/{2, 2},
        /*padding=*/{1, 1}, /*dilation=*/{1, 1}, /*transposed=*/!halves, /*output_padding=*/{0, 0},
        /*groups=*/1, {context.needs_input_grad(0), context.needs_input_grad(1), false});
    return {of_image, of_weight, {}};
  }
};

// In place: nobody else has the image yet.
at::Tensor with_bias(at::Tensor image, const at::Tensor& bias) {
  return bias.defined() ? image.add_(bias.view({-1, 1, 1})) : image;
}

bool is_square_of_four(const at::Tensor& weight) {
  return weight.size(2) == 4 && weight.size(3) == 4;
}

class HalvingConv : public Halving {
 public:
  explicit HalvingConv(ConvSource source) : source_(std::move(source)) {}
  at::Tensor apply(const at::Tensor& input, const at::Tensor& bias) const override {
    return halved(input, source_.weight(), bias);
  }
  const at::Tensor& bias() const override { return source_.conv->bias(); }
  const at::Tensor& kernel() const override { return source_.conv->weight(); }

 private:
  ConvSource source_;
};

class DoublingConv : public Halving {
 public:
  explicit DoublingConv(std::shared_ptr<ConvTranspose2d> conv) : conv_(std::move(conv)) {}
  at::Tensor apply(const at::Tensor& input, const at::Tensor& bias) const override {
    return doubled(input, conv_->weight(), bias);
  }
  const at::Tensor& bias() const override { return conv_->bias(); }
  const at::Tensor& kernel() const override { return conv_->weight(); }

 private:
  std::shared_ptr<ConvTranspose2d> conv_;
};

}  // namespace

std::shared_ptr<Halving> as_halving(const ModulePtr& module) {
  if (auto form = std::dynamic_pointer_cast<Halving>(module)) return form;
  if (auto source = ConvSource::of(module)) {
    const Conv2d& conv = *source->conv;
    const bool halves = is_square_of_four(conv.weight()) && conv.stride() == Shape{2, 2} &&
                        conv.padding() == Shape{1, 1} && conv.dilation() == Shape{1, 1} &&
                        conv.groups() == 1;
    return halves ? std::make_shared<HalvingConv>(std::move(*source)) : nullptr;
  }
  auto conv = std::dynamic_pointer_cast<ConvTranspose2d>(module);
  return conv && conv->doubles() ? std::make_shared<DoublingConv>(std::move(conv)) : nullptr;
}

at::Tensor Halving::halved(const at::Tensor& image, const at::Tensor& weight,
                           const at::Tensor& bias) const {
  const bool is_even = image.size(2) % 2 == 0 && image.size(3) % 2 == 0;
  if (multiplies_less_ && is_even) {
    return with_bias(HalvingFunction::apply(image, weight, true), bias);
  }
  return at::conv2d(image, weight, bias, /*stride=*/2, /*padding=*/1);
}

at::Tensor Halving::doubled(const at::Tensor& image, const at::Tensor& weight,
                            const at::Tensor& bias) const {
  if (multiplies_less_) return with_bias(HalvingFunction::apply(image, weight, false), bias);
  return at::conv_transpose2d(image, weight, bias, /*stride=*/2, /*padding=*/1);
}

Verdict fuse_halving(const ModulePtr& module) {
  const std::shared_ptr<Halving> form = as_halving(module);
  if (!form) return {};
  const at::Tensor& kernel = form->kernel();
  if (!kernel.is_cpu()) return refuse("cuDNN has ways of its own");
  if (!multiplies_batches_well()) {
    return refuse("the convolutions of oneDNN are faster here than batched products");
  }
  if (std::min(kernel.size(0), kernel.size(1)) < winograd::kFewestChannels) {
    return refuse("it needs at least " + std::to_string(winograd::kFewestChannels) + " channels");
  }
  form->multiply_less();
  return {form, ""};
}

}  // namespace sparring
