#pragma once

#include <optional>
#include <utility>

#include "core/torch.h"

namespace sparring {

struct GridOptions {
  int64_t columns = 8;
  int64_t padding = 2;
  bool normalize = true;
  // What becomes black and white where it normalises, cut off beyond; else the smallest and largest
  // value of all images do.
  std::optional<std::pair<double, double>> range = {};
};

// What torchvision.utils.save_image writes: images, float [N, C, H, W], side by side; bytes [H, W,
// 3].
at::Tensor render_grid(const at::Tensor& images, const GridOptions& options);

}  // namespace sparring
