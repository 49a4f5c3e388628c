#pragma once

#include "core/torch.h"

namespace sparring {

// Images [N, C, H, W] with their channels last, as [N·H·W, C]: no copy. Rows are rows already.
inline at::Tensor as_rows(const at::Tensor& images) {
  if (images.dim() == 2) return images;
  return images.permute({0, 2, 3, 1}).reshape({-1, images.size(1)});
}

// Images as [N, H·W, C]: a matrix for each.
inline at::Tensor as_matrices(const at::Tensor& images) {
  return images.permute({0, 2, 3, 1}).reshape({images.size(0), -1, images.size(1)});
}

}  // namespace sparring
