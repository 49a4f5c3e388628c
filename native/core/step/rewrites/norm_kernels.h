// Batch normalisation and a leaky ReLU over images whose channels lie side by side: two passes over
// memory each way, where libtorch takes four and more. Matrices are [rows, columns], contiguous.
#pragma once

#include "core/torch.h"

namespace sparring {

// What a backward pass starts with: the gradient for `output`, which is leaky(...) of x.
struct NormGradient {
  at::Tensor gradient, output, x;
  double slope;
};

// A line for each column: (x - mean) · along + offset. x · along + another offset would be the
// same, but for its rounding errors: they grow with the mean, these with how far values are from
// it.
struct NormLines {
  at::Tensor mean, along, offset;
};

class NormKernels {
 public:
  virtual ~NormKernels() = default;

  // Whether they take values of that type, with numbers of the columns of the other.
  virtual bool take(at::ScalarType values, at::ScalarType numbers) const = 0;

  // Mean and (biased) variance of each column, [columns].
  virtual void take_statistics(const at::Tensor& x, const at::Tensor& mean,
                               const at::Tensor& variance) const = 0;

  // output = leaky(lines of x).
  virtual void scale_and_bend(const at::Tensor& x, const NormLines& lines, double slope,
                              const at::Tensor& output) const = 0;

  // Sums over the rows of g = gradient · leaky'(...), told by the sign of `output`, and of g · (x -
  // mean).
  virtual void sum_gradients(const NormGradient& of, const at::Tensor& mean, const at::Tensor& sum,
                             const at::Tensor& dot) const = 0;

  // into = g · factor + lines of x, column by column.
  virtual void combine(const NormGradient& of, const at::Tensor& factor, const NormLines& lines,
                       const at::Tensor& into) const = 0;
};

// Kernels for float32, float64, and bfloat16 with numbers in float32, with many more rows than
// columns: threads share out the rows.
const NormKernels& norm_kernels_of_cpu();

// The kernels of a device; null where it has none.
const NormKernels* norm_kernels(const at::Device& device);
// Why a device has none; empty if it has some.
std::string norm_kernels_off(const at::Device& device);

}  // namespace sparring
