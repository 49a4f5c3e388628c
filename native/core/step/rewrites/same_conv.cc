#include "core/step/rewrites/same_conv.h"

#include <torch/csrc/autograd/custom_function.h>

#include <string_view>

#include "core/linalg/batch_product.h"
#include "core/linalg/product.h"
#include "core/step/rewrites/channels_last.h"
#include "core/step/rewrites/conv_source.h"
#include "core/step/rewrites/same_conv_kernels.h"
#include "core/step/rewrites/winograd.h"

namespace sparring {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

class SameConvFunction : public torch::autograd::Function<SameConvFunction> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& image,
                            const at::Tensor& weight) {
    context->save_for_backward({image, weight});
    return same_conv::convolve(channels_last(image), weight, same_conv::Direction::kForward);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &image = saved[0], &weight = saved[1];
    if (at::GradMode::is_enabled()) return differentiable(*context, gradients[0], image, weight);
    const at::Tensor gradient = channels_last(gradients[0]);
    variable_list wanted(2);
    if (context->needs_input_grad(0)) {
      wanted[0] = same_conv::convolve(gradient, weight, same_conv::Direction::kBackward);
    }
    if (context->needs_input_grad(1)) {
      wanted[1] = same_conv::weight_gradient(channels_last(image), gradient);
    }
    return wanted;
  }

 private:
  // The same with a graph of its own.
  static variable_list differentiable(const AutogradContext& context, const at::Tensor& gradient,
                                      const at::Tensor& image, const at::Tensor& weight) {
    const auto [of_image, of_weight, _] = at::convolution_backward(
        gradient, image, weight, /*bias_sizes=*/std::nullopt, /*stride=*/{1, 1},
        /*padding=*/{1, 1}, /*dilation=*/{1, 1}, /*transposed=*/false, /*output_padding=*/{0, 0},
        /*groups=*/1, {context.needs_input_grad(0), context.needs_input_grad(1), false});
    return {of_image, of_weight};
  }
};

class SameConv : public Rewrite {
 public:
  explicit SameConv(ConvSource source) : source_(std::move(source)) {}
  at::Tensor apply(const at::Tensor& input, const at::Tensor& bias) const override {
    at::Tensor output = SameConvFunction::apply(input, source_.weight());
    // In place: nobody else has it yet.
    return bias.defined() ? output.add_(bias.view({-1, 1, 1})) : output;
  }
  const at::Tensor& bias() const override { return source_.conv->bias(); }

 private:
  ConvSource source_;
};

}  // namespace

std::shared_ptr<Rewrite> as_same_conv(const ModulePtr& module) {
  auto source = ConvSource::of(module);
  return source && source->keeps_size(3) ? std::make_shared<SameConv>(std::move(*source)) : nullptr;
}

Verdict fuse_same_conv(const ModulePtr& module) {
  std::shared_ptr<Rewrite> form = as_same_conv(module);
  if (!form) return {};
  const at::Tensor& kernel = ConvSource::of(module)->conv->weight();
  if (!kernel.is_cpu()) return refuse("cuDNN has ways of its own");
  if (!multiplies_batches_well() || product_library() != std::string_view("oneDNN")) {
    return refuse("the products are the BLAS's here, and with those nobody has measured it");
  }
  if (std::min(kernel.size(0), kernel.size(1)) < winograd::kFewestChannels) {
    return refuse("it needs at least " + std::to_string(winograd::kFewestChannels) + " channels");
  }
  return {std::move(form), ""};
}

}  // namespace sparring
