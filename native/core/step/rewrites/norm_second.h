// Loops for the second derivative of normalisation with a (leaky) ReLU after it, on the CPU: two
// passes over memory, where libtorch takes dozens. Matrices and numbers are those of norm_tiles.h.
#pragma once

#include "core/step/rewrites/norm_kernels.h"

namespace sparring {

// What the first derivative was made with, and its sums: of g, the gradient times the slope of the
// activation, and of g · normal, with normal = (x - mean) · scale. Columns share statistics in so
// many groups, side by side. Layer normalisation has other sizes and sums (sample_norm_kernels.h).
struct NormNumbers {
  at::Tensor weight, mean, scale, sum, dot;
  int64_t groups;
};

// Derivatives of sum(v · dx), where dx is the gradient at x.
struct SecondDerivatives {
  at::Tensor at_gradient, at_x, at_weight;
};

// With n = normal, h = weight · g, and means over what shares statistics:
//   dx = scale · (h - mean(h) - n · mean(h · n))
//   at g: weight · scale · (v - mean(v) - n · mean(v · n))
//   at x: -scale² · (mean(h · n) · (v - mean(v)) + mean(v · n) · (h - mean(h))
//         + n · (mean(v · h) - mean(v) · mean(h) - 3 · mean(v · n) · mean(h · n)))
void differentiate_again(const NormGradient& of, const at::Tensor& v, const NormNumbers& by,
                         const SecondDerivatives& into);

}  // namespace sparring
