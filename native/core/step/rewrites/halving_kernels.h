// The three passes of a 4x4 convolution of stride 2 and padding 1, which halves an image, and of
// the transposed one, which doubles it: between a big image [N, big, 2H, 2W] and a small one [N,
// small, H, W] by one weight [small, big, 4, 4]. On the CPU, float32 or float64, channels last.
//
// By phases (x_p[i] = x[2i + p - 1]) they are 2x2 convolutions of stride 1, and those are done in
// tiles of 2x2 or 4x4 (winograd.h): 9 multiplications where the definition has 16, or 25 for 64.
#pragma once

#include "core/torch.h"

namespace sparring::halving {

// Products of one small image of a batch of so many, for each pair of channels; by the definition
// there are 16 for each of its pixels.
int64_t products(int64_t batch, int64_t height, int64_t width);

// The small image of a big one: the convolution, and the transposed one's gradient for its input.
// `bias`: for each channel of the result, or undefined.
at::Tensor halve(const at::Tensor& image, const at::Tensor& weight, const at::Tensor& bias = {});
// The big image of a small one: the transposed convolution, and the other's gradient for its input.
at::Tensor twice(const at::Tensor& image, const at::Tensor& weight, const at::Tensor& bias = {});
// The gradient for the weight, [small, big, 4, 4], of either: of one image, the other's gradient.
at::Tensor weight_gradient(const at::Tensor& big, const at::Tensor& small);

}  // namespace sparring::halving
