#include "core/data/dataset.h"

#include <algorithm>

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
