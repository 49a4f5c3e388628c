#include "core/io/grid.h"

#include <algorithm>

namespace sparring {
namespace {

std::pair<double, double> extremes(const at::Tensor& images) {
  return {images.min().item<double>(), images.max().item<double>()};
}

at::Tensor normalized(const at::Tensor& images, const GridOptions& options) {
  const auto [low, high] = options.range ? *options.range : extremes(images);
  return images.clamp(low, high).sub_(low).div_(std::max(high - low, 1e-5));
}

at::Tensor arranged(const at::Tensor& images, int64_t columns, int64_t padding) {
  const int64_t count = images.size(0), channels = images.size(1);
  if (count == 1) return images[0];  // torchvision leaves a single image without a border
  const int64_t across = std::min(columns, count), down = (count + across - 1) / across;
  const int64_t height = images.size(2) + padding, width = images.size(3) + padding;
  at::Tensor grid =
      at::zeros({channels, height * down + padding, width * across + padding}, images.options());
  for (int64_t i = 0; i < count; ++i) {
    grid.narrow(1, (i / across) * height + padding, images.size(2))
        .narrow(2, (i % across) * width + padding, images.size(3))
        .copy_(images[i]);
  }
  return grid;
}

}  // namespace

at::Tensor render_grid(const at::Tensor& images, const GridOptions& options) {
  const at::NoGradGuard no_grad;
  at::Tensor colour = images.size(1) == 1 ? images.expand({-1, 3, -1, -1}) : images;
  if (options.normalize) colour = normalized(colour, options);
  const at::Tensor grid = arranged(colour, options.columns, options.padding);
  return grid.mul(255).add_(0.5).clamp_(0, 255).permute({1, 2, 0}).to(at::kByte).contiguous();
}

}  // namespace sparring
