#include "core/step/dense/sync_norm.h"

#include "core/nn/batch_norm.h"

namespace sparring::dense {

void normalize_together(const at::Tensor& x, const Norm& norm, const Nonlinearity& nonlinearity,
                        const at::Tensor& output, const Together& together) {
  BatchMoments batch{at::empty_like(norm.mean), at::empty_like(norm.mean), x.size(0)};
  take_statistics(x, batch.mean, batch.variance);
  batch = together.whole(batch);
  keep_statistics(
      {norm.weight, norm.bias, norm.running_mean, norm.running_var, norm.momentum, norm.eps},
      batch);
  norm.mean.copy_(batch.mean);
  norm.scale.copy_((batch.variance + norm.eps).rsqrt_());
  apply_norm_and_bend(x, norm, nonlinearity, output);
}

void undo_together(const WayBack& of, const at::Tensor& weight_gradient,
                   const at::Tensor& bias_gradient, const Together& together) {
  const at::Tensor sum = at::empty_like(of.norm.mean), dot = at::empty_like(of.norm.mean);
  unbend_and_sum(of, sum, dot);
  if (weight_gradient.defined()) weight_gradient.copy_(dot);
  if (bias_gradient.defined()) bias_gradient.copy_(sum);
  const auto [all, all_dot] = together.whole_sums(sum, dot);
  denormalize(of, all, all_dot);
}

}  // namespace sparring::dense
