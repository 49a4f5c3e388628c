// Images that stay on the device as bytes; a batch of them is made when a step asks for it.
#pragma once

#include <cstdint>

#include "core/torch.h"

namespace sparring {

struct Batch {
  at::Tensor images;  // [N, C, H, W] in [-1, 1]
  at::Tensor labels;  // int64 [N]; undefined where the data have none
};

class Dataset {
 public:
  // images: uint8 [N, C, H, W]; labels: uint8 [N], or undefined
  Dataset(at::Tensor images, const at::Device& device, at::Tensor labels = {});

  int64_t size() const { return images_.size(0); }
  int64_t bytes() const { return static_cast<int64_t>(images_.nbytes()); }
  const at::Device& device() const { return device_; }
  // The same data on another device.
  Dataset on(const at::Device& device) const { return {images_, device, labels_}; }
  // The chosen images: exactly torchvision's ToTensor, then Normalize(0.5, 0.5).
  Batch batch(const at::Tensor& indices, at::ScalarType precision) const;
  // A number that another dataset has with a chance of 1 in 2^64: images, their shape and labels.
  // Never 0. Reads all of it, once: a second
  // for a gigabyte.
  uint64_t fingerprint() const;
  // The bytes themselves, for tests and for showing reals beside fakes.
  const at::Tensor& images() const { return images_; }

 private:
  at::Tensor images_, labels_;
  at::Device device_;
  mutable uint64_t fingerprint_ = 0;  // 0 until somebody asks
};

// torchvision's Resize((height, width), antialias=True) of bytes, uint8 [N, C, H, W].
at::Tensor resize_images(const at::Tensor& images, int64_t height, int64_t width);

}  // namespace sparring
