#include "core/io/finite.h"

#include <cmath>

namespace sparring {
namespace {

// The smallest and the largest tell of all, and of a NaN: one pass, and no copies of float32.
bool is_finite(const at::Tensor& tensor) {
  if (!tensor.is_floating_point() || tensor.numel() == 0) return true;
  const auto [least, most] = at::aminmax(tensor.to(at::kFloat));
  return std::isfinite(least.item<float>()) && std::isfinite(most.item<float>());
}

}  // namespace

std::vector<int64_t> not_finite(const NamedTensors& tensors) {
  std::vector<int64_t> positions;
  for (size_t i = 0; i < tensors.size(); ++i) {
    if (!is_finite(tensors[i].second)) positions.push_back(static_cast<int64_t>(i));
  }
  return positions;
}

}  // namespace sparring
