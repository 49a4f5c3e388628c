// Images whose channels come last, as images in planes.
#pragma once

#include <ATen/TensorIterator.h>

#include <algorithm>

#include "core/torch.h"

namespace sparring {

// [N, C, H, W] of [N, H, W, C]: the same memory in another order, in planes once it is contiguous.
inline at::Tensor channels_first(const at::Tensor& last) { return last.permute({0, 3, 1, 2}); }

// Fills `planes`, [N, C, H, W], with images [N, H, W, C], on this thread alone: some rows at a
// time, as libtorch shares more values than that among threads, of which JavaScript's is to get
// none.
inline void fill_planes(const at::Tensor& planes, const at::Tensor& last) {
  if (planes.numel() == 0) return;
  const at::Tensor first = channels_first(last);
  const int64_t rows = first.size(2), row = first.size(0) * first.size(1) * first.size(3);
  const int64_t some = std::max(int64_t{1}, (at::internal::GRAIN_SIZE - 1) / row);
  for (int64_t start = 0; start < rows; start += some) {
    const int64_t count = std::min(some, rows - start);
    planes.narrow(2, start, count).copy_(first.narrow(2, start, count));
  }
}

}  // namespace sparring
