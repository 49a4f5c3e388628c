// The layout that convolutions, and normalisation along channels, like best.
#pragma once

#include "core/torch.h"

namespace sparring {

// A layer that does as well with images in the other layout: they stay as they are before it.
class AnyLayout {
 public:
  virtual ~AnyLayout() = default;
};

// An image in it; a no-op once done. One channel is first and last, and libtorch reads its strides
// for which is meant: a convolution would then make an image that had to be copied.
at::Tensor channels_last(const at::Tensor& image);

// An image in it as one with its channels first, as rows want it. What comes back to it is laid out
// as it was: activations would go on in the other layout, value by value.
at::Tensor channels_first(const at::Tensor& image);

}  // namespace sparring
