// torchvision's Resize((height, width), antialias=True) of bytes.
#pragma once

#include <cstdint>
#include <optional>

#include "core/torch.h"

namespace sparring {

// Some of the images a turn: all of a large dataset take seconds.
class Resizing {
 public:
  // images: uint8 [N, C, H, W], in any order in memory. Those that have these sides already stay
  // what they are.
  Resizing(at::Tensor images, int64_t height, int64_t width);
  // Nothing while there is more to do, then all of them.
  std::optional<at::Tensor> operator()();

 private:
  at::Tensor images_, resized_;
  int64_t slice_ = 0, next_ = 0;
};

// The same in one go, for a few.
at::Tensor resize_images(const at::Tensor& images, int64_t height, int64_t width);

}  // namespace sparring
