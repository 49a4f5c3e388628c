// Datasets that are made of another one's images.
#pragma once

#include "core/torch.h"

namespace sparring {

struct Stack {
  at::Tensor images;  // uint8 [count, channels, H, W]
  at::Tensor labels;  // int16 [count]
};

struct StackOptions {
  int64_t classes;   // of the grey images
  int64_t count;     // images to make
  int64_t channels;  // of each
  uint64_t seed;
};

// Images whose channels are grey images, each drawn with replacement: what torch.randint(N, (count,
// channels)) draws after torch.manual_seed(seed). The label of one has its channels' labels as
// digits to the base of `classes`, the first channel's in front; classes^channels of them have to
// fit in 15 bits.
//
// images: uint8 [N, 1, H, W]; labels: uint8 [N], each below `classes`
Stack stack_images(const at::Tensor& images, const at::Tensor& labels, const StackOptions& options);

}  // namespace sparring
