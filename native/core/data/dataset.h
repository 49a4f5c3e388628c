// Images that stay as bytes, on the device or on the disk, and values of any shape as floats; a
// batch of them is made when a step asks for it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "core/data/image_file.h"
#include "core/data/uploads.h"
#include "core/torch.h"

namespace sparring {

// What black and white are to the networks.
struct Range {
  double black = -1, white = 1;
};

struct Batch {
  at::Tensor images;  // [N, C, H, W] in the range asked for; values [N, ...] as they are
  at::Tensor labels;  // int64 [N]; undefined where the data have none
};

// Makes values of bytes: exactly torchvision's ToTensor, then Normalize, which is Normalize(0.5,
// 0.5) for [-1, 1] and none for [0, 1]. Values stay what they are, whatever the range. images:
// uint8 [N, C, H, W], or float [N, ...]; labels: whole numbers [N], or undefined
Batch make_batch(const at::Tensor& images, const at::Tensor& labels, at::ScalarType precision,
                 const Range& range);

class Dataset {
 public:
  // images: uint8 [N, C, H, W], or float [N, ...]; labels: of any type of whole numbers [N], or
  // undefined
  Dataset(at::Tensor images, const at::Device& device, at::Tensor labels = {});
  // Images stay on the disk: a batch of them is read and copied to the device.
  Dataset(std::shared_ptr<const ImageFile> file, const at::Device& device, at::Tensor labels = {});

  // Some of the images as data of their own, without a copy of them: places int64 [n], of which one
  // may be there twice.
  Dataset part(const at::Tensor& places) const;

  int64_t size() const { return places_.defined() ? places_.numel() : stored(); }
  // Bytes that it keeps in memory: a part all of the images, which whoever frees the whole leaves
  // to it.
  int64_t bytes() const;
  const at::Device& device() const { return device_; }
  // The same data on another device, without the images that a part leaves out.
  Dataset on(const at::Device& device) const;
  // Where the indices of images are best to be.
  at::Device index_device() const { return file_ ? at::Device(at::kCPU) : device_; }
  // The chosen images.
  Batch batch(const at::Tensor& indices, at::ScalarType precision, const Range& range = {}) const;
  // Says which images will be asked for next.
  void announce(const at::Tensor& indices) const;
  // A 64-bit hash of the images, their shape and labels. Never 0. Reads all of it, once: a second
  // for a gigabyte.
  uint64_t fingerprint() const;
  // The same a part of it at a time, so that others get their turn: nothing while there is more.
  std::optional<uint64_t> read_fingerprint() const;
  // The images of a range of places as values, float [count, C, H, W] on the CPU; values as they
  // are.
  at::Tensor values(int64_t start, int64_t count, const Range& range) const;
  // The bytes or values themselves, on the CPU or the device.
  at::Tensor slice(int64_t start, int64_t count) const;

 private:
  // Images that are there, whether or not they belong to this part.
  int64_t stored() const { return file_ ? file_->shape()[0] : images_.size(0); }
  // Where chosen images of this part are stored.
  at::Tensor placed(const at::Tensor& indices) const;

  at::Tensor images_, labels_;  // labels_: of this part alone
  at::Tensor places_;           // int64 on index_device(); undefined where all belong to it
  // The file that stands for images_, where they are on the disk.
  std::shared_ptr<const ImageFile> file_;
  std::shared_ptr<Uploads> uploads_ = std::make_shared<Uploads>();  // of its images
  at::Device device_;
  mutable uint64_t fingerprint_ = 0;  // 0 until it is read
  // What is known of it: the hash of the images before `next`.
  struct Reading {
    uint64_t hash = 0;
    int64_t next = 0;
  };
  mutable Reading reading_;
};

}  // namespace sparring
