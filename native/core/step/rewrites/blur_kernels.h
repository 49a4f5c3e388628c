// The filter [1, 3, 3, 1] along rows and columns of images, channel by channel: on the CPU,
// float32, float64 or bfloat16, with sums in float32 there, channels last.
#pragma once

#include <cstdint>

#include "core/torch.h"

namespace sparring {

// The filter over an image with `up - 1` zeros between its pixels, at every `down`th place. It is
// its own mirror image, so the derivative is such a pass, too: the other way.
struct BlurPass {
  // One of them is 1.
  int64_t up, down;
  // Zeros above and on the left; fewer than none leave pixels out.
  int64_t top, left;
  // Of what is made, and of the image.
  int64_t height, width, from_height, from_width;
  // What the filter adds up to.
  double gain;

  // <g, blurred(x)> = <x, blurred(g) by this>.
  BlurPass back() const {
    return {down,  up,  kTaps - 1 - top, kTaps - 1 - left, from_height, from_width, height,
            width, gain};
  }

  static constexpr int64_t kTaps = 4;
};

// [N, C, from_height, from_width] -> [N, C, height, width]
at::Tensor blurred(const at::Tensor& image, const BlurPass& pass);

}  // namespace sparring
