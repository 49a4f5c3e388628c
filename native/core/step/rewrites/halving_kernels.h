// The three passes of a 4x4 convolution of stride 2 and padding 1, which halves an image, and of
// the transposed one, which doubles it: between a big image [N, big, 2H, 2W] and a small one [N,
// small, H, W] by one weight [small, big, 4, 4]. On the CPU, float32 or float64, channels last.
//
// By phases (x_p[i] = x[2i + p - 1]) they are 2x2 convolutions of stride 1, and those are done by
// Winograd's F(2x2, 2x2): 9 multiplications where the definition has 16 (Winograd 1980; Lavin and
// Gray 2016, arXiv:1509.09308). Along one axis, with all factors 1 or -1,
//   y0 = d0 g0 + d1 g1 = m0 + m1      m0 = (d0 - d1) g0
//   y1 = d1 g0 + d2 g1 = m1 - m2      m1 = d1 (g0 + g1)      m2 = (d1 - d2) g1
#pragma once

#include "core/torch.h"

namespace sparring::halving {

enum class Direction { kHalve, kTwice };

// The weight as a direction takes it: [9, 4 · big, small], by points, phases side by side; or
// [4, 9, small, big].
at::Tensor transform_weight(const at::Tensor& weight, Direction direction);

// The small image of a big one: the convolution, and the transposed one's gradient for its input.
at::Tensor halve(const at::Tensor& image, const at::Tensor& transformed);
// The big image of a small one: the transposed convolution, and the other's gradient for its input.
at::Tensor twice(const at::Tensor& image, const at::Tensor& transformed);
// The gradient for the weight, [small, big, 4, 4], of either: of one image, the other's gradient.
at::Tensor weight_gradient(const at::Tensor& big, const at::Tensor& small);

}  // namespace sparring::halving
