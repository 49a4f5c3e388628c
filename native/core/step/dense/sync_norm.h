// Batch normalisation over the rows of all ranks, without a graph: nn/sync_batch_norm.cc by the
// kernels of a dense network.
#pragma once

#include "core/distributed/together.h"
#include "core/step/dense/kernels.h"

namespace sparring::dense {

// output = curve(norm(x)); leaves the mean and scale of the whole batch in the norm, and updates
// its running statistics.
void normalize_together(const at::Tensor& x, const Norm& norm, const Nonlinearity& nonlinearity,
                        const at::Tensor& output, const Together& together);

// The gradient for `output` becomes that for x, in place; that for weight and bias, of this rank's
// rows, is written where it is wanted.
void undo_together(const at::Tensor& gradient, const at::Tensor& output, const at::Tensor& x,
                   const Norm& norm, const Nonlinearity& nonlinearity,
                   const at::Tensor& weight_gradient, const at::Tensor& bias_gradient,
                   const Together& together);

}  // namespace sparring::dense
