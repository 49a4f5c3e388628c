// Maxout's arithmetic, [N, out] of [N, out · pieces]. Gradients come to the largest piece of each
// output alone, so most of the values in the products of the way back are 0.
#pragma once

#include "core/torch.h"

namespace sparring {

// [N, out] and int32 [out, N], which of an output's pieces it is.
struct Chosen {
  at::Tensor values, places;
};

// Of input · weight' + bias the largest piece of each output, the first of those, or a NaN. `bias`
// may be undefined. input: [N, in], weight: [out · pieces, in], those of an output side by side.
Chosen choose_largest(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias,
                      int64_t pieces);
// The same at places that are known, without a bias: [N, out].
at::Tensor choose(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& places);

// The way back, from the gradient for the values, [N, out].
at::Tensor input_gradient(const Chosen& gradient, const at::Tensor& weight);  // [N, in]
at::Tensor weight_gradient(const Chosen& gradient, const at::Tensor& input, int64_t pieces);

}  // namespace sparring
