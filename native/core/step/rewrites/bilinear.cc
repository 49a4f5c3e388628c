#include "core/step/rewrites/bilinear.h"

#include <torch/csrc/autograd/custom_function.h>

#include <numeric>

#include "core/options.h"

namespace sparring {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

void remember(AutogradContext& context, const BilinearPtr& by, const at::Tensor& a,
              const at::Tensor& b) {
  context.save_for_backward({a, b});
  context.saved_data["by"] = c10::IValue::make_capsule(by);
  // Where nothing comes back there is nothing to compute: no zeros.
  context.set_materialize_grads(false);
}

BilinearPtr remembered(const AutogradContext& context) {
  return c10::static_intrusive_pointer_cast<Bilinear>(context.saved_data.at("by").toCapsule());
}

// The three functions, whose derivatives are each other. Gradients come in the order of arguments.
at::Tensor output_of(const BilinearPtr& by, const at::Tensor& image, const at::Tensor& weight,
                     const std::optional<at::Tensor>& bias);
at::Tensor image_gradient_of(const BilinearPtr& by, const at::Tensor& gradient,
                             const at::Tensor& weight, at::IntArrayRef sizes);
at::Tensor weight_gradient_of(const BilinearPtr& by, const at::Tensor& image,
                              const at::Tensor& gradient, at::IntArrayRef sizes);

class Output : public torch::autograd::Function<Output> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& image,
                            const at::Tensor& weight, const std::optional<at::Tensor>& bias,
                            const BilinearPtr& by) {
    remember(*context, by, image, weight);
    context->saved_data["has_bias"] = bias.has_value();
    return by->output(image, weight, bias.value_or(at::Tensor()));
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &image = saved[0], &weight = saved[1], &gradient = gradients[0];
    const BilinearPtr by = remembered(*context);
    variable_list wanted(4);
    if (!gradient.defined()) return wanted;
    if (context->needs_input_grad(0)) {
      wanted[0] = image_gradient_of(by, gradient, weight, image.sizes());
    }
    if (context->needs_input_grad(1)) {
      wanted[1] = weight_gradient_of(by, image, gradient, weight.sizes());
    }
    if (context->saved_data["has_bias"].toBool() && context->needs_input_grad(2)) {
      wanted[2] = by->bias_gradient(gradient);
    }
    return wanted;
  }
};

class ImageGradient : public torch::autograd::Function<ImageGradient> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& gradient,
                            const at::Tensor& weight, at::IntArrayRef sizes,
                            const BilinearPtr& by) {
    remember(*context, by, gradient, weight);
    return by->image_gradient(gradient, weight, sizes);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &gradient = saved[0], &weight = saved[1], &image = gradients[0];
    const BilinearPtr by = remembered(*context);
    variable_list wanted(4);
    if (!image.defined()) return wanted;
    if (context->needs_input_grad(0)) wanted[0] = output_of(by, image, weight, std::nullopt);
    if (context->needs_input_grad(1)) {
      wanted[1] = weight_gradient_of(by, image, gradient, weight.sizes());
    }
    return wanted;
  }
};

class WeightGradient : public torch::autograd::Function<WeightGradient> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& image,
                            const at::Tensor& gradient, at::IntArrayRef sizes,
                            const BilinearPtr& by) {
    remember(*context, by, image, gradient);
    return by->weight_gradient(image, gradient, sizes);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &image = saved[0], &gradient = saved[1], &weight = gradients[0];
    const BilinearPtr by = remembered(*context);
    variable_list wanted(4);
    if (!weight.defined()) return wanted;
    if (context->needs_input_grad(0)) {
      wanted[0] = image_gradient_of(by, gradient, weight, image.sizes());
    }
    if (context->needs_input_grad(1)) wanted[1] = output_of(by, image, weight, std::nullopt);
    return wanted;
  }
};

at::Tensor output_of(const BilinearPtr& by, const at::Tensor& image, const at::Tensor& weight,
                     const std::optional<at::Tensor>& bias) {
  return Output::apply(image, weight, bias, by);
}

at::Tensor image_gradient_of(const BilinearPtr& by, const at::Tensor& gradient,
                             const at::Tensor& weight, at::IntArrayRef sizes) {
  return ImageGradient::apply(gradient, weight, sizes, by);
}

at::Tensor weight_gradient_of(const BilinearPtr& by, const at::Tensor& image,
                              const at::Tensor& gradient, at::IntArrayRef sizes) {
  return WeightGradient::apply(image, gradient, sizes, by);
}

}  // namespace

at::Tensor Bilinear::bias_gradient(const at::Tensor& gradient) const {
  Shape others(gradient.dim() - 1);
  std::iota(others.begin(), others.end(), 1);
  others[0] = 0;
  return gradient.sum(others);
}

at::Tensor apply(const BilinearPtr& by, const at::Tensor& image, const at::Tensor& weight,
                 const at::Tensor& bias) {
  return output_of(by, by->taken(image), weight,
                   bias.defined() ? std::optional(bias) : std::nullopt);
}

at::Tensor with_bias(at::Tensor output, const at::Tensor& bias) {
  if (!bias.defined()) return output;
  return output.add_(output.dim() == 2 ? bias : bias.view({-1, 1, 1}));
}

}  // namespace sparring
