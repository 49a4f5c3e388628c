// Maxout's arithmetic, [N, out] of [N, out · pieces]. Gradients come to the largest piece of each
// output alone, so most of the values in the products of the way back are 0.
#pragma once

#include "core/linalg/product.h"

namespace sparring {

// Numbers of each output, [N, out], in rows; and which piece of it they are of, int32 [out, N].
struct Chosen {
  at::Tensor values, places;

  static Chosen empty(int64_t samples, int64_t outputs, const at::TensorOptions& options);
};

// Writes of input · weight' + bias the largest piece of each output, the first of those, or a NaN.
// `bias` may be undefined. input: [N, in], weight: [out · pieces, in], those of an output side by
// side.
void choose_largest(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias,
                    const Chosen& to, Multiply by = product);
// The same at places that are known, without a bias: [N, out].
at::Tensor choose(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& places,
                  Multiply by = product);

// The way back, from the gradient for the values: for the input, [N, in], the weight and the bias.
// What is written to, or added to, is in rows.
void input_gradient(const Chosen& gradient, const at::Tensor& weight, const at::Tensor& to);
void weight_gradient(const Chosen& gradient, const at::Tensor& input, const at::Tensor& to,
                     bool accumulate = false);
void bias_gradient(const Chosen& gradient, const at::Tensor& to);

}  // namespace sparring
