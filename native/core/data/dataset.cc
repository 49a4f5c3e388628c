#include "core/data/dataset.h"

#include <algorithm>
#include <cstring>

#include "core/runtime/accelerator.h"

namespace sparring {

Dataset::Dataset(at::Tensor images, const at::Device& device, at::Tensor labels) : device_(device) {
  enter_device(device);
  images_ = images.to(device);
  if (labels.defined()) labels_ = labels.to(device);
}

Batch Dataset::batch(const at::Tensor& indices, at::ScalarType precision) const {
  const at::Tensor chosen = indices.to(device_);
  const at::Tensor bytes = images_.index_select(0, chosen);
  Batch batch{bytes.to(at::kFloat).div_(255).sub_(0.5).div_(0.5).to(precision), {}};
  if (labels_.defined()) batch.labels = labels_.index_select(0, chosen).to(at::kLong);
  return batch;
}

namespace {

// Every word changes all of what follows; no cryptography.
uint64_t fold(uint64_t hash, uint64_t word) {
  hash = (hash ^ word) * 0x9E3779B97F4A7C15u;
  return hash ^ (hash >> 32);
}

uint64_t fold(uint64_t hash, const at::Tensor& bytes) {
  const at::Tensor plain = bytes.cpu().contiguous();
  const auto size = static_cast<size_t>(plain.nbytes());
  const auto* start = static_cast<const char*>(plain.const_data_ptr());
  for (size_t at = 0; at < size; at += sizeof(uint64_t)) {
    uint64_t word = 0;
    std::memcpy(&word, start + at, std::min(sizeof word, size - at));
    hash = fold(hash, word);
  }
  return hash;
}

}  // namespace

uint64_t Dataset::fingerprint() const {
  if (fingerprint_ != 0) return fingerprint_;
  uint64_t hash = 1;
  for (const int64_t side : images_.sizes()) hash = fold(hash, static_cast<uint64_t>(side));
  hash = fold(hash, images_);
  if (labels_.defined()) hash = fold(hash, labels_);
  return fingerprint_ = std::max<uint64_t>(hash, 1);
}

at::Tensor resize_images(const at::Tensor& images, int64_t height, int64_t width) {
  if (images.size(2) == height && images.size(3) == width) return images;
  at::Tensor resized = at::empty({images.size(0), images.size(1), height, width}, images.options());
  // In slices of at most 64 MB of float32: all at once would take four times the dataset itself.
  const int64_t values = images.size(1) * std::max(height * width, images.size(2) * images.size(3));
  const int64_t slice = std::max<int64_t>(1, (int64_t{16} << 20) / values);
  for (int64_t start = 0; start < images.size(0); start += slice) {
    const int64_t count = std::min(slice, images.size(0) - start);
    const at::Tensor pixels = images.narrow(0, start, count).to(at::kFloat);
    const at::Tensor smooth = at::_upsample_bilinear2d_aa(pixels, {height, width}, false);
    resized.narrow(0, start, count).copy_(smooth.round_().clamp_(0, 255));
  }
  return resized;
}

}  // namespace sparring
