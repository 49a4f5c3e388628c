#include "core/step/rewrites/piecewise_linear.h"

#include <torch/csrc/autograd/custom_function.h>

#include "core/nn/activation.h"
#include "core/step/rewrites/channels_last.h"

namespace sparring {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Keeps x and the slope below 0. Where nothing comes back there is nothing to compute: no zeros.
void remember(AutogradContext& context, const at::Tensor& x, double slope) {
  context.save_for_backward({x});
  context.saved_data["slope"] = slope;
  context.set_materialize_grads(false);
}

class Sloped : public torch::autograd::Function<Sloped> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& gradient,
                            const at::Tensor& x, double slope) {
    remember(*context, x, slope);
    return slope == 0 ? at::threshold_backward(gradient, x, 0)
                      : at::leaky_relu_backward(gradient, x, slope, /*self_is_result=*/false);
  }
  static variable_list backward(AutogradContext* context, variable_list gradients) {
    return {back_through(*context, gradients[0]), {}, {}};
  }
  static at::Tensor back_through(AutogradContext& context, const at::Tensor& gradient) {
    if (!gradient.defined()) return {};
    return apply(gradient, context.get_saved_variables()[0],
                 context.saved_data["slope"].toDouble());
  }
};

class Bent : public torch::autograd::Function<Bent> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, double slope) {
    remember(*context, x, slope);
    return bend(x, slope);
  }
  static variable_list backward(AutogradContext* context, variable_list gradients) {
    return {Sloped::back_through(*context, gradients[0]), {}};
  }
};

class PiecewiseLinear : public Module, public AnyLayout {
 public:
  explicit PiecewiseLinear(double slope) : slope_(slope) {}
  at::Tensor forward(const at::Tensor& x, const Context&) override {
    return Bent::apply(x, slope_);
  }

 private:
  double slope_;
};

}  // namespace

at::Tensor bend(const at::Tensor& x, double slope) {
  if (slope == 1) return x;
  return slope == 0 ? at::relu(x) : at::leaky_relu(x, slope);
}

at::Tensor sloped(const at::Tensor& gradient, const at::Tensor& x, double slope) {
  return slope == 1 ? gradient : Sloped::apply(gradient, x, slope);
}

Verdict fuse_piecewise_linear(const ModulePtr& activation) {
  const auto bend = std::dynamic_pointer_cast<Activation>(activation);
  if (!bend) return {};
  const auto [curve, slope] = bend->nonlinearity();
  if (curve != Curve::kLeakyRelu) return refuse("it is for ReLU and leaky ReLU");
  return {std::make_shared<PiecewiseLinear>(slope), ""};
}

}  // namespace sparring
