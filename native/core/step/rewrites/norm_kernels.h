// Batch normalisation and a leaky ReLU over images whose channels lie side by side: two passes over
// memory each way, where libtorch takes four and more. Matrices are [rows, columns], contiguous, on
// the CPU, float32 or float64, with many more rows than columns: threads share out the rows.
#pragma once

#include "core/torch.h"

namespace sparring::norm_kernels {

// Mean and (biased) variance of each column, [columns].
void take_statistics(const at::Tensor& x, const at::Tensor& mean, const at::Tensor& variance);

// output = leaky(x · factor + offset), column by column.
void scale_and_bend(const at::Tensor& x, const at::Tensor& factor, const at::Tensor& offset,
                    double slope, const at::Tensor& output);

// Of g = gradient · leaky'(...), told by the sign of `output`: the sums of g, and of g · (x -
// mean), over the rows.
void sum_gradients(const at::Tensor& gradient, const at::Tensor& output, const at::Tensor& x,
                   const at::Tensor& mean, double slope, const at::Tensor& sum,
                   const at::Tensor& dot);

// into = g · factor + x · along + offset, column by column.
void combine(const at::Tensor& gradient, const at::Tensor& output, const at::Tensor& x,
             const at::Tensor& factor, const at::Tensor& along, const at::Tensor& offset,
             double slope, const at::Tensor& into);

}  // namespace sparring::norm_kernels
