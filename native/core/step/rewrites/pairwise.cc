#include "core/step/rewrites/pairwise.h"

#include <torch/csrc/autograd/custom_function.h>

#include "core/nn/minibatch.h"

namespace sparring {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Of one kernel dimension, [N, out]: what each sample has more than each other, [N, N, out].
at::Tensor differences(const at::Tensor& rows) { return rows.unsqueeze(0) - rows.unsqueeze(1); }

// The gradient of the distances for the rows, which is linear in what comes back. Its own gradient
// is that of the distances' directional derivative: signs have none, but where they turn.
class Slope : public torch::autograd::Function<Slope> {
 public:
  // [N, N, out] and [kernel, N, out] -> [kernel, N, out]
  static at::Tensor forward(AutogradContext* context, const at::Tensor& gradient,
                            const at::Tensor& rows) {
    context->save_for_backward({rows});
    // A pair's distance is there twice.
    const at::Tensor both = gradient + gradient.transpose(0, 1);
    const at::Tensor made = at::empty_like(rows);
    for (int64_t k = 0; k < rows.size(0); ++k) {
      made[k].copy_(differences(rows[k]).sign_().mul_(both).sum({0}));
    }
    return made;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const at::Tensor rows = context->get_saved_variables()[0].detach();
    at::Tensor total;
    for (int64_t k = 0; k < rows.size(0); ++k) {
      const at::Tensor one = differences(gradients[0][k]) * differences(rows[k]).sign_();
      total = total.defined() ? total + one : one;
    }
    return {total, {}};
  }
};

class Distances : public torch::autograd::Function<Distances> {
 public:
  // [kernel, N, out] -> [N, N, out]
  static at::Tensor forward(AutogradContext* context, const at::Tensor& rows) {
    context->save_for_backward({rows});
    at::Tensor total;
    for (int64_t k = 0; k < rows.size(0); ++k) {
      const at::Tensor one = differences(rows[k]).abs_();
      total = total.defined() ? total.add_(one) : one;
    }
    return total;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    return {Slope::apply(gradients[0], context->get_saved_variables()[0])};
  }
};

class Pairwise : public Module {
 public:
  explicit Pairwise(std::shared_ptr<MinibatchDiscrimination> layer) : layer_(std::move(layer)) {}

  at::Tensor forward(const at::Tensor& input, const Context&) override {
    const at::Tensor made = layer_->rows_of(input);
    const at::ScalarType type = at::promote_types(made.scalar_type(), at::kFloat);
    const at::Tensor rows = made.to(type).permute({2, 0, 1}).contiguous();
    return at::cat({input, closeness(Distances::apply(rows))}, 1);
  }
  bool needs_own_pass() const override { return true; }

 private:
  std::shared_ptr<MinibatchDiscrimination> layer_;
};

}  // namespace

Verdict fuse_pairwise(const ModulePtr& layer) {
  const auto discrimination = std::dynamic_pointer_cast<MinibatchDiscrimination>(layer);
  if (!discrimination) return {};
  return {std::make_shared<Pairwise>(discrimination), ""};
}

}  // namespace sparring
