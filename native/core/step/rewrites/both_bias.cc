#include "core/step/rewrites/both_bias.h"

#include <torch/csrc/autograd/custom_function.h>

#include "core/nn/equalized.h"
#include "core/nn/labels.h"
#include "core/nn/weighted.h"
#include "core/step/rewrites/rewrite.h"

namespace sparring {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Over all axes but that of the channels.
at::Tensor sum_of(const at::Tensor& gradient) {
  return gradient.dim() == 2 ? gradient.sum(0) : gradient.sum({0, 2, 3});
}

at::Tensor sum_of_halves(const at::Tensor& gradient) {
  const int64_t half = gradient.size(0) / 2, rest = gradient.size(0) - half;
  return sum_of(gradient.narrow(0, 0, half)) + sum_of(gradient.narrow(0, half, rest));
}

class Biased : public torch::autograd::Function<Biased> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& bias) {
    // Where nothing comes back there is nothing to sum: no zeros.
    context->set_materialize_grads(false);
    return x + (x.dim() == 2 ? bias : bias.view({-1, 1, 1}));
  }
  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const at::Tensor& gradient = gradients[0];
    const bool learns = gradient.defined() && context->needs_input_grad(1);
    return {gradient, learns ? sum_of_halves(gradient) : at::Tensor()};
  }
};

// A layer in its two parts.
struct Parted {
  std::function<at::Tensor(const at::Tensor&, const Context&)> unbiased;
  std::function<at::Tensor()> bias;
};

Parted parted(const ModulePtr& layer) {
  if (const auto rewrite = std::dynamic_pointer_cast<Rewrite>(layer)) {
    return {[rewrite](const at::Tensor& x, const Context&) { return rewrite->apply(x, {}); },
            [rewrite] { return rewrite->bias(); }};
  }
  if (const auto weighted = std::dynamic_pointer_cast<Weighted>(layer)) {
    return {[weighted](const at::Tensor& x, const Context& context) {
              return weighted->apply(x, weighted->weight(), {}, context);
            },
            [weighted] { return weighted->bias(); }};
  }
  const auto equalized = std::dynamic_pointer_cast<Equalized>(layer);
  if (!equalized) return {};
  return {[equalized](const at::Tensor& x, const Context& context) {
            return equalized->inner()->apply(x, equalized->weight(), {}, context);
          },
          [equalized] { return equalized->bias(); }};
}

class BiasOfBoth : public Module {
 public:
  explicit BiasOfBoth(Parted of) : of_(std::move(of)) {}
  at::Tensor forward(const at::Tensor& input, const Context& context) override {
    return Biased::apply(of_.unbiased(input, context), of_.bias());
  }

 private:
  Parted of_;
};

class ProjectionOfBoth : public Module {
 public:
  explicit ProjectionOfBoth(std::shared_ptr<Projection> of)
      : of_(std::move(of)), linear_(with_bias_of_both(of_->linear())) {}
  at::Tensor forward(const at::Tensor& input, const Context& context) override {
    return of_->score_by(linear_, input, context);
  }

 private:
  std::shared_ptr<Projection> of_;
  ModulePtr linear_;
};

}  // namespace

ModulePtr with_bias_of_both(const ModulePtr& layer) {
  if (auto projection = std::dynamic_pointer_cast<Projection>(layer)) {
    return std::make_shared<ProjectionOfBoth>(std::move(projection));
  }
  Parted of = parted(layer);
  if (!of.bias || !of.bias().defined()) return layer;
  return std::make_shared<BiasOfBoth>(std::move(of));
}

}  // namespace sparring
