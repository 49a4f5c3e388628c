// Loops for the second derivative of normalisation with a (leaky) ReLU after it, on the CPU: two
// passes over memory, where libtorch takes dozens. Matrices and numbers are those of
// norm_kernels.h.
#pragma once

#include "core/step/rewrites/norm_kernels.h"

namespace sparring {

// Sums over the rows of v, v · (x - mean) and v · g, with g = gradient · leaky'(...).
struct SecondSums {
  at::Tensor sum, dot, product;
};
void sum_second(const NormGradient& of, const at::Tensor& v, const at::Tensor& mean,
                const SecondSums& into);

// Factors column by column, and what is added, for
//   at_gradient = leaky'(...) · (v · v_to_gradient + x · x_to_gradient + to_gradient)
//   at_x = v · v_to_x + g · g_to_x + x · x_to_x + to_x
struct SecondFactors {
  at::Tensor v_to_gradient, x_to_gradient, to_gradient;
  at::Tensor v_to_x, g_to_x, x_to_x, to_x;
};
void combine_second(const NormGradient& of, const at::Tensor& v, const SecondFactors& by,
                    const at::Tensor& at_gradient, const at::Tensor& at_x);

}  // namespace sparring
