#include "core/data/resize.h"

#include <algorithm>
#include <utility>

namespace sparring {

Resizing::Resizing(at::Tensor images, int64_t height, int64_t width) : images_(std::move(images)) {
  if (images_.size(2) == height && images_.size(3) == width) return;
  resized_ = at::empty({images_.size(0), images_.size(1), height, width}, images_.options());
  // At most 64 MB of float32: all at once would take four times the dataset itself.
  const int64_t pixels = std::max(height * width, images_.size(2) * images_.size(3));
  const int64_t values = images_.size(1) * pixels;
  slice_ = std::max<int64_t>(1, (int64_t{16} << 20) / values);
}

std::optional<at::Tensor> Resizing::operator()() {
  if (!resized_.defined()) return images_;
  const int64_t count = std::min(slice_, images_.size(0) - next_);
  // In planes, whatever the order is: then it is the same arithmetic.
  const at::Tensor pixels =
      images_.narrow(0, next_, count)
          .to(at::kFloat, /*non_blocking=*/false, /*copy=*/false, at::MemoryFormat::Contiguous);
  const at::Tensor smooth =
      at::_upsample_bilinear2d_aa(pixels, {resized_.size(2), resized_.size(3)}, false);
  resized_.narrow(0, next_, count).copy_(smooth.round_().clamp_(0, 255));
  next_ += count;
  if (next_ < images_.size(0)) return std::nullopt;
  return resized_;
}

at::Tensor resize_images(const at::Tensor& images, int64_t height, int64_t width) {
  Resizing resizing(images, height, width);
  while (true) {
    if (const auto resized = resizing()) return *resized;
  }
}

}  // namespace sparring
