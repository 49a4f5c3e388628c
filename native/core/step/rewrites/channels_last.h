// The layout that convolutions, and normalisation along channels, like best.
#pragma once

#include "core/torch.h"

namespace sparring {

// An image in it; a no-op once done. One channel is first and last, and libtorch reads its strides
// for which is meant: a convolution would then make an image that had to be copied.
inline at::Tensor channels_last(const at::Tensor& image) {
  if (image.size(1) != 1) return image.contiguous(at::MemoryFormat::ChannelsLast);
  const at::Tensor plane = image.contiguous();
  return plane.view({plane.size(0), plane.size(2), plane.size(3), 1}).permute({0, 3, 1, 2});
}

}  // namespace sparring
