#include "core/step/rewrites/shade.h"

#include <torch/csrc/autograd/custom_function.h>

#include "core/nn/on_pixels.h"
#include "core/step/rewrites/channels_last.h"
#include "core/step/rewrites/piecewise_linear.h"

namespace sparring {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Undefined where there is none, as autograd takes it.
std::optional<at::Tensor> given(const at::Tensor& tensor) {
  return tensor.defined() ? std::optional(tensor) : std::nullopt;
}

// The derivatives by operations that have some, too.
ShadeGradients derivable_gradients(const at::Tensor& gradient, const at::Tensor& x,
                                   const at::Tensor& made, const Shade& by) {
  const at::Tensor straight = sloped(gradient, made.detach(), by.slope);
  ShadeGradients found{straight * on_pixels(by.factors), (straight * x).sum({2, 3}), {}, {}};
  if (by.bias.defined()) found.bias = straight.sum({0, 2, 3});
  if (by.noise.defined()) found.strength = (straight * by.noise).sum().view(by.strength.sizes());
  return found;
}

class Shaded : public torch::autograd::Function<Shaded> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x,
                            const at::Tensor& factors, const std::optional<at::Tensor>& bias,
                            const std::optional<at::Tensor>& strength,
                            const std::optional<at::Tensor>& noise, double slope) {
    const auto whole = [](const std::optional<at::Tensor>& one) {
      return one ? *one : at::Tensor();
    };
    const at::Tensor made = shaded(x, {factors, whole(bias), whole(noise), whole(strength), slope});
    context->save_for_backward({x, made, factors, whole(bias), whole(noise), whole(strength)});
    context->saved_data["slope"] = slope;
    // Where nothing comes back there is nothing to compute: no zeros.
    context->set_materialize_grads(false);
    return made;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    if (!gradients[0].defined()) return variable_list(6);
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &made = saved[1];
    const Shade by{saved[2], saved[3], saved[4], saved[5], context->saved_data["slope"].toDouble()};
    const ShadeGradients found = at::GradMode::is_enabled()
                                     ? derivable_gradients(gradients[0], x, made, by)
                                     : shade_gradients(channels_last(gradients[0]), x, made, by);
    return {found.x, found.factors, found.bias, found.strength, {}, {}};
  }
};

}  // namespace

at::Tensor shade(const at::Tensor& x, const Shade& by) {
  const auto type = at::promote_types(x.scalar_type(), at::kFloat);
  return Shaded::apply(channels_last(x), by.factors.to(type).contiguous(), given(by.bias),
                       given(by.strength), given(by.noise), by.slope);
}

}  // namespace sparring
