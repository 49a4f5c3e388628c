#include "core/data/dataset.h"

#include <algorithm>

#include "core/data/levels.h"
#include "core/hash.h"
#include "core/runtime/accelerator.h"

namespace sparring {
namespace {

// Values, which mean what they are, and no levels of grey.
bool is_exact(const at::Tensor& images) { return images.is_floating_point(); }

}  // namespace

Dataset::Dataset(at::Tensor images, const at::Device& device, at::Tensor labels) : device_(device) {
  enter_device(device);
  images_ = images.to(device);
  if (labels.defined()) labels_ = labels.to(device);
}

Dataset::Dataset(std::shared_ptr<const ImageFile> file, const at::Device& device, at::Tensor labels)
    : file_(std::move(file)), device_(device) {
  enter_device(device);
  if (labels.defined()) labels_ = labels.to(device);
}

Dataset Dataset::part(const at::Tensor& places) const {
  enter_device(device_);
  Dataset part(*this);
  part.places_ = placed(places.to(index_device()));
  if (labels_.defined()) part.labels_ = labels_.index_select(0, places.to(device_));
  part.fingerprint_ = 0;
  part.reading_ = {};
  return part;
}

int64_t Dataset::bytes() const {
  const size_t images = file_ ? 0 : images_.nbytes();
  return static_cast<int64_t>(images + (places_.defined() ? places_.nbytes() : 0));
}

at::Tensor Dataset::placed(const at::Tensor& indices) const {
  return places_.defined() ? places_.index_select(0, indices) : indices;
}

Dataset Dataset::on(const at::Device& device) const {
  if (!file_) return Dataset(slice(0, size()), device, labels_);
  Dataset there(file_, device, labels_);
  there.places_ = places_;
  return there;
}

Batch Dataset::batch(const at::Tensor& indices, at::ScalarType precision,
                     const Range& range) const {
  // Those of a file come from the host. CUDA takes up to 64 KB, 8,192 of them, along with the
  // command, and nobody waits.
  const at::Tensor chosen = indices.to(device_, at::kLong, /*non_blocking=*/true);
  const at::Tensor labels = labels_.defined() ? labels_.index_select(0, chosen) : at::Tensor();
  const at::Tensor stored = placed(indices.to(index_device()));
  if (file_) return make_batch(uploads_->to(file_->at(stored), device_), labels, precision, range);
  return make_batch(
      is_exact(images_) ? images_.index_select(0, stored) : values_of(images_, stored, range),
      labels, precision, range);
}

void Dataset::announce(const at::Tensor& indices) const {
  if (file_) file_->announce(placed(indices.cpu()));
}

at::Tensor Dataset::slice(int64_t start, int64_t count) const {
  if (!places_.defined()) {
    return file_ ? file_->slice(start, count) : images_.narrow(0, start, count);
  }
  const at::Tensor stored = places_.narrow(0, start, count);
  return file_ ? file_->at(stored) : images_.index_select(0, stored);
}

at::Tensor Dataset::values(int64_t start, int64_t count, const Range& range) const {
  const at::Tensor images = slice(start, count);
  if (is_exact(images)) return images.cpu();
  // By a factor: white of [0, 255] is 255 so, where make_batch(), which is torchvision's
  // arithmetic, would divide by a rounded 1/255. Between -1 and 1, and 0 and 1, both come to the
  // same bits.
  const at::Tensor shares = images.to(at::kCPU, at::kFloat).div_(255);
  return shares.mul_(range.white - range.black).add_(range.black);
}

Batch make_batch(const at::Tensor& images, const at::Tensor& labels, at::ScalarType precision,
                 const Range& range) {
  const at::Tensor values = is_exact(images) ? images : values_of(images, range);
  return {values.to(precision), labels.defined() ? labels.to(at::kLong) : at::Tensor()};
}

uint64_t Dataset::fingerprint() const {
  while (true) {
    if (const auto fingerprint = read_fingerprint()) return *fingerprint;
  }
}

std::optional<uint64_t> Dataset::read_fingerprint() const {
  if (fingerprint_ != 0) return fingerprint_;
  std::vector<int64_t> shape = file_ ? file_->shape() : images_.sizes().vec();
  shape[0] = size();
  auto& [hash, start] = reading_;
  if (start == 0) {
    hash = 1;
    for (const int64_t side : shape) hash = fold(hash, static_cast<uint64_t>(side));
  }
  // In parts of whole words, 16 MB or eight images: on the disk there may be more than memory
  // holds.
  const int64_t width = file_ ? 1 : static_cast<int64_t>(images_.element_size());
  const int64_t image = c10::multiply_integers(at::IntArrayRef(shape).slice(1)) * width;
  const int64_t part = std::max<int64_t>(8, (int64_t{16} << 20) / image / 8 * 8);
  const int64_t count = std::min(part, size() - start);
  hash = fold(hash, slice(start, count).cpu());
  start += count;
  if (start < size()) return std::nullopt;
  if (labels_.defined()) hash = fold(hash, labels_.cpu());
  return fingerprint_ = std::max<uint64_t>(hash, 1);
}

}  // namespace sparring
