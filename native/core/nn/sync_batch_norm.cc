// Batch normalisation over the rows of all ranks: torch.nn.SyncBatchNorm, in plain operations. One
// derivative only, as there.
#include <torch/csrc/autograd/custom_function.h>

#include "core/nn/batch_norm.h"

namespace sparring {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// All axes but that of the features.
std::vector<int64_t> other_axes(const at::Tensor& x) {
  std::vector<int64_t> axes{0};
  for (int64_t i = 2; i < x.dim(); ++i) axes.push_back(i);
  return axes;
}

// [C] so that it goes with [N, C, ...].
at::Tensor along_features(const at::Tensor& one, const at::Tensor& x) {
  Shape shape(x.dim(), 1);
  shape[1] = one.numel();
  return one.view(shape);
}

// Torch's own kernel, which neither normalises nor keeps running statistics here.
BatchMoments moments_of(const at::Tensor& x) {
  auto [mean, variance] = at::batch_norm_update_stats(x, {}, {}, /*momentum=*/0);
  return {std::move(mean), std::move(variance), x.numel() / x.size(1)};
}

class SyncBatchNorm : public torch::autograd::Function<SyncBatchNorm> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x,
                            const std::optional<at::Tensor>& weight,
                            const std::optional<at::Tensor>& bias, const NormRule* rule,
                            const TogetherPtr& together) {
    const BatchMoments own = moments_of(x), batch = together->whole(own);
    keep_statistics(*rule, batch);
    context->save_for_backward({x, rule->weight, batch.mean, (batch.variance + rule->eps).rsqrt()});
    keep_for_backward(*context, together);
    context->saved_data["has bias"] = rule->bias.defined();
    // Given the statistics it is what evaluation does.
    return at::batch_norm(x, weight, bias, batch.mean, batch.variance, /*training=*/false,
                          /*momentum=*/0, rule->eps, /*cudnn_enabled=*/true);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const TogetherPtr together = kept_for_backward(*context);
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &weight = saved[1], &gradient = gradients[0];
    const std::vector<int64_t> axes = other_axes(x);
    const at::Tensor scale = along_features(saved[3], x);
    const at::Tensor normal = (x - along_features(saved[2], x)) * scale;
    const at::Tensor sum = gradient.sum(axes), dot = (gradient * normal).sum(axes);
    at::Tensor of_x;
    if (context->needs_input_grad(0)) {
      // dx = factor · (g - sum/n - normal · dot/n)
      const auto [all, all_dot] = together->whole_sums(sum, dot);
      const auto count = static_cast<double>(x.numel() / x.size(1));
      of_x =
          gradient - along_features(all / count, x) - normal * along_features(all_dot / count, x);
      of_x.mul_(weight.defined() ? scale * along_features(weight, x) : scale);
    }
    return {of_x,
            weight.defined() ? dot : weight,
            context->saved_data["has bias"].toBool() ? sum : at::Tensor(),
            {},
            {}};
  }
};

std::optional<at::Tensor> if_defined(const at::Tensor& tensor) {
  return tensor.defined() ? std::optional(tensor) : std::nullopt;
}

}  // namespace

at::Tensor normalize_batch(const at::Tensor& x, const NormRule& rule, const TogetherPtr& together) {
  if (!together) {
    return at::batch_norm(x, rule.weight, rule.bias, rule.running_mean, rule.running_var,
                          /*training=*/true, rule.momentum, rule.eps, /*cudnn_enabled=*/true);
  }
  const bool is_half = x.scalar_type() == at::kBFloat16 || x.scalar_type() == at::kHalf;
  const at::Tensor wide = is_half ? x.to(at::kFloat) : x;
  return SyncBatchNorm::apply(wide, if_defined(rule.weight), if_defined(rule.bias), &rule, together)
      .to(x.scalar_type());
}

void keep_statistics(const NormRule& rule, const BatchMoments& batch) {
  if (!rule.running_mean.defined()) return;
  const double unbiased = static_cast<double>(batch.count) / static_cast<double>(batch.count - 1);
  at::Tensor(rule.running_mean).mul_(1 - rule.momentum).add_(batch.mean, rule.momentum);
  at::Tensor(rule.running_var)
      .mul_(1 - rule.momentum)
      .add_(batch.variance, rule.momentum * unbiased);
}

}  // namespace sparring
