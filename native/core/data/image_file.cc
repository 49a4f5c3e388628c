#include "core/data/image_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "core/error.h"

namespace sparring {
namespace {

[[noreturn]] void refuse(const std::string& why) {
  throw Error("ERR_DATA", "Expected packed images that can be read for the dataset but " + why);
}

}  // namespace

ImageFile::ImageFile(int file, int64_t offset, std::vector<int64_t> shape)
    : file_(fcntl(file, F_DUPFD_CLOEXEC, 0)), offset_(offset), shape_(std::move(shape)) {
  if (file_ < 0) refuse(std::string("received none (") + std::strerror(errno) + ")");
  image_bytes_ = 1;
  for (size_t axis = 1; axis < shape_.size(); ++axis) image_bytes_ *= shape_[axis];
}

ImageFile::~ImageFile() { close(file_); }

at::Tensor ImageFile::empty(int64_t count) const {
  std::vector<int64_t> shape = shape_;
  shape[0] = count;
  return at::empty(shape, at::kByte);
}

at::Tensor ImageFile::at(const at::Tensor& indices) const {
  const at::Tensor images = empty(indices.numel());
  const auto* index = indices.const_data_ptr<int64_t>();
  auto* to = images.mutable_data_ptr<uint8_t>();
  for (int64_t i = 0; i < indices.numel(); ++i) read(to + i * image_bytes_, index[i], 1);
  return images;
}

at::Tensor ImageFile::slice(int64_t start, int64_t count) const {
  const at::Tensor images = empty(count);
  read(images.mutable_data_ptr<uint8_t>(), start, count);
  return images;
}

void ImageFile::read(uint8_t* to, int64_t start, int64_t count) const {
  const int64_t bytes = count * image_bytes_;
  for (int64_t done = 0; done < bytes;) {
    const ssize_t got = pread(file_, to + done, static_cast<size_t>(bytes - done),
                              offset_ + start * image_bytes_ + done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) refuse(std::string("received an error: ") + std::strerror(errno));
    if (got == 0) refuse("received a file that became shorter");
    done += got;
  }
}

void ImageFile::announce(const at::Tensor& indices) const {
  const auto* index = indices.const_data_ptr<int64_t>();
  for (int64_t i = 0; i < indices.numel(); ++i) {
    // Only a wish: where the system does not grant it, reading waits.
    posix_fadvise(file_, offset_ + index[i] * image_bytes_, image_bytes_, POSIX_FADV_WILLNEED);
  }
}

}  // namespace sparring
