// Images that stay on the device as bytes; a batch of them is made when a step asks for it.
#pragma once

#include <cstdint>

#include "core/torch.h"

namespace sparring {

class Dataset {
 public:
  // images: uint8 [N, C, H, W]
  Dataset(at::Tensor images, const at::Device& device);

  int64_t size() const { return images_.size(0); }
  int64_t bytes() const { return static_cast<int64_t>(images_.nbytes()); }
  const at::Device& device() const { return device_; }

  // The chosen images in [-1, 1]: exactly torchvision's ToTensor, then Normalize(0.5, 0.5).
  at::Tensor batch(const at::Tensor& indices, at::ScalarType precision) const;

  // The bytes themselves, for tests and for showing reals beside fakes.
  const at::Tensor& images() const { return images_; }

 private:
  at::Tensor images_;
  at::Device device_;
};

// torchvision's Resize((height, width), antialias=True) of bytes, uint8 [N, C, H, W].
at::Tensor resize_images(const at::Tensor& images, int64_t height, int64_t width);

}  // namespace sparring
