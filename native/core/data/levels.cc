#include "core/data/levels.h"

#include <ATen/Parallel.h>

#include <algorithm>

#include "core/data/dataset.h"
#include "core/options.h"

namespace sparring {
namespace {

// Values that are worth another thread.
constexpr int64_t kWorthAThread = int64_t{1} << 15;

void look_up(const std::array<float, 256>& levels, const uint8_t* from, int64_t count, float* to) {
  for (int64_t i = 0; i < count; ++i) to[i] = levels[from[i]];
}

}  // namespace

std::array<float, 256> levels_of(const Range& range) {
  const double deviation = 1 / (range.white - range.black), mean = -range.black * deviation;
  const auto shift = static_cast<float>(mean), scale = static_cast<float>(deviation);
  std::array<float, 256> levels;
  for (size_t i = 0; i < levels.size(); ++i) {
    levels[i] = (static_cast<float>(i) / 255.0f - shift) / scale;
  }
  return levels;
}

at::Tensor values_of(const at::Tensor& bytes, const Range& range) {
  const at::Tensor plain = bytes.contiguous();
  const at::Tensor values = at::empty(plain.sizes(), plain.options().dtype(at::kFloat));
  const std::array<float, 256> levels = levels_of(range);
  const uint8_t* const from = plain.const_data_ptr<uint8_t>();
  float* const to = values.mutable_data_ptr<float>();
  at::parallel_for(0, plain.numel(), kWorthAThread, [&](int64_t begin, int64_t end) {
    look_up(levels, from + begin, end - begin, to + begin);
  });
  return values;
}

at::Tensor values_of(const at::Tensor& bytes, const at::Tensor& indices, const Range& range) {
  TORCH_INTERNAL_ASSERT(bytes.is_contiguous() && indices.is_contiguous());
  Shape shape = bytes.sizes().vec();
  const int64_t size = c10::multiply_integers(shape.begin() + 1, shape.end()), all = shape[0];
  shape[0] = indices.numel();
  const at::Tensor values = at::empty(shape, bytes.options().dtype(at::kFloat));
  const std::array<float, 256> levels = levels_of(range);
  const uint8_t* const from = bytes.const_data_ptr<uint8_t>();
  const int64_t* const chosen = indices.const_data_ptr<int64_t>();
  float* const to = values.mutable_data_ptr<float>();
  const int64_t each = std::max<int64_t>(1, kWorthAThread / std::max<int64_t>(1, size));
  at::parallel_for(0, shape[0], each, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      TORCH_CHECK_INDEX(chosen[i] >= 0 && chosen[i] < all, "No image ", chosen[i], " of ", all);
      look_up(levels, from + chosen[i] * size, size, to + i * size);
    }
  });
  return values;
}

}  // namespace sparring
