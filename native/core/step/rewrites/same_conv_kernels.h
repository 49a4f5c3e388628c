// The three passes of a 3x3 convolution of stride 1 and padding 1, which keeps height and width, by
// Winograd's F(2x2, 3x3): 4 multiplications where the definition has 9 (see winograd.h). On the
// CPU, float32 or float64, channels last. Along one axis, of four pixels and three taps,
//   y0 = d0 g0 + d1 g1 + d2 g2 = m0 + m1 + m2      m0 = (d0 - d2) g0      m3 = (d1 - d3) g2
//   y1 = d1 g0 + d2 g1 + d3 g2 = m1 - m2 - m3      m1 = (d1 + d2) (g0 + g1 + g2) / 2
//                                                  m2 = (d2 - d1) (g0 - g1 + g2) / 2
#pragma once

#include "core/torch.h"

namespace sparring::same_conv {

// The pass that a weight is for: the other way round for the gradient for the input.
enum class Direction { kForward, kBackward };

// [out, in, 3, 3] at its 16 points: [16, in, out], or [16, out, in] of the turned kernel.
at::Tensor transform_weight(const at::Tensor& weight, Direction direction);

// [N, in, H, W] by a weight for it.
at::Tensor convolve(const at::Tensor& image, const at::Tensor& transformed);
// The gradient for the weight, [out, in, 3, 3], of an image and the gradient for its result.
at::Tensor weight_gradient(const at::Tensor& image, const at::Tensor& gradient);

}  // namespace sparring::same_conv
