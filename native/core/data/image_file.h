// Images that stay on the disk: read when a batch is made of them. What the system keeps of the
// file in memory is its own, and goes when others need it.
#pragma once

#include <cstdint>
#include <vector>

#include "core/torch.h"

namespace sparring {

class ImageFile {
 public:
  // uint8 of `shape` [N, C, H, W] from byte `offset` of an open file, of which it keeps a
  // descriptor of its own: the file may be renamed, replaced or removed meanwhile. Throws ERR_DATA.
  ImageFile(int file, int64_t offset, std::vector<int64_t> shape);
  ~ImageFile();
  ImageFile(const ImageFile&) = delete;
  ImageFile& operator=(const ImageFile&) = delete;

  const std::vector<int64_t>& shape() const { return shape_; }
  // The chosen images, by int64 indices on the CPU. Throws ERR_DATA where they cannot be read.
  at::Tensor at(const at::Tensor& indices) const;
  at::Tensor slice(int64_t start, int64_t count) const;
  // Says which images will be asked for next: the system may read them meanwhile.
  void announce(const at::Tensor& indices) const;

 private:
  void read(uint8_t* to, int64_t start, int64_t count) const;
  at::Tensor empty(int64_t count) const;

  int file_;
  int64_t offset_, image_bytes_;
  std::vector<int64_t> shape_;
};

}  // namespace sparring
