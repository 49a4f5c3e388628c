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

// unbend_and_denormalize() over the rows of all ranks; the gradients for weight and bias are of
// this rank's rows.
void undo_together(const WayBack& of, const at::Tensor& weight_gradient,
                   const at::Tensor& bias_gradient, const Together& together);

}  // namespace sparring::dense
