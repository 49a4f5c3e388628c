// Images whose channels come last, as images in planes.
#pragma once

#include <ATen/TensorIterator.h>

#include <algorithm>

#include "core/torch.h"

namespace sparring {

// [N, C, H, W] of [N, H, W, C]: the same memory in another order, in planes once it is contiguous.
inline at::Tensor planes_of(const at::Tensor& last) { return last.permute({0, 3, 1, 2}); }

// Fills `planes`, [N, C, H, W], with images [N, H, W, C], on this thread alone: some rows at a
// time, and of wide ones some columns, as libtorch shares more values than that among threads, of
// which JavaScript's is to get none.
inline void fill_planes(const at::Tensor& planes, const at::Tensor& last) {
  if (planes.numel() == 0) return;
  const at::Tensor first = planes_of(last);
  const int64_t pixel = first.size(0) * first.size(1), rows = first.size(2), row = first.size(3);
  const auto some = [](int64_t values) {
    return std::max(int64_t{1}, (at::internal::GRAIN_SIZE - 1) / values);
  };
  const int64_t width = std::min(row, some(pixel)), height = some(pixel * width);
  const auto part = [&](const at::Tensor& images, int64_t y, int64_t x) {
    return images.narrow(2, y, std::min(height, rows - y)).narrow(3, x, std::min(width, row - x));
  };
  for (int64_t y = 0; y < rows; y += height) {
    for (int64_t x = 0; x < row; x += width) part(planes, y, x).copy_(part(first, y, x));
  }
}

}  // namespace sparring
