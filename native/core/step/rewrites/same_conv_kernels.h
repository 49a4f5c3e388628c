// The three passes of a 3x3 convolution of stride 1 and padding 1, which keeps height and width, in
// tiles of 2x2 or 4x4 (winograd.h): 4 multiplications where the definition has 9, or 36 for 144. On
// the CPU, float32 or float64, channels last.
#pragma once

#include "core/torch.h"

namespace sparring::same_conv {

// The pass that a weight is for: the other way round for the gradient for the input.
enum class Direction { kForward, kBackward };

// Products of one image of a batch of so many, for each pair of channels; by the definition there
// are 9 for each of its pixels.
int64_t products(int64_t batch, int64_t height, int64_t width);

// [N, in, H, W] by [out, in / groups, 3, 3], or [N, out, H, W] by the turned kernel. `bias`: for
// each channel of the result, or undefined.
at::Tensor convolve(const at::Tensor& image, const at::Tensor& weight, Direction direction,
                    int64_t groups = 1, const at::Tensor& bias = {});
// The gradient for the weight, [out, in / groups, 3, 3], of an image and the gradient for its
// result.
at::Tensor weight_gradient(const at::Tensor& image, const at::Tensor& gradient, int64_t groups = 1);

}  // namespace sparring::same_conv
