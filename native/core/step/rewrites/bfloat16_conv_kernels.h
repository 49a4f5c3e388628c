// Convolutions in bfloat16 as products by tiles (linalg/bfloat16_product.h), between a big image
// [N, big, H, W] and a small one [N, small, h, w] by one weight [small, big, kernel, kernel]: the
// small one is the big one's convolution, the big one the small one's transposed convolution, and
// each is the gradient of the other. Images are in bfloat16 with their channels last, weights and
// their gradients in float32, and so are all sums.
//
// oneDNN goes row by row, so that images of few columns leave most of a tile empty. Here the
// patches of many pixels are gathered, whole images at a time. On the CPU, for numbers of channels
// that 16 divides.
#pragma once

#include "core/options.h"
#include "core/torch.h"

namespace sparring::bfloat16_conv {

// Values of a row of a tile, and so what divides the channels.
constexpr int64_t kChannels = 16;

// How the kernel goes over the big image: rows, columns.
struct Steps {
  Shape stride, padding;
};

// [N, small, h, w] of a big image; plus a bias [small] where there is one.
at::Tensor to_small(const at::Tensor& big, const at::Tensor& weight, const at::Tensor& bias,
                    const Steps& steps);
// [N, big, H, W] of a small image; plus a bias [big] where there is one.
at::Tensor to_big(const at::Tensor& small, const at::Tensor& weight, const at::Tensor& bias,
                  const Steps& steps, int64_t height, int64_t width);
// [small, big, kernel, kernel] of a big image and a small one.
at::Tensor weight_gradient(const at::Tensor& big, const at::Tensor& small, const Steps& steps,
                           at::IntArrayRef sizes);

}  // namespace sparring::bfloat16_conv
