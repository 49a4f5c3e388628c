#include "core/data/levels.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <array>

#include "core/data/dataset.h"
#include "core/options.h"

namespace sparring {
namespace {

// Values that are worth another thread.
constexpr int64_t kWorthAThread = int64_t{1} << 15;

// Normalize's numbers.
struct Normal {
  double mean, deviation;
};

Normal normal_of(const Range& range) {
  const double deviation = 1 / (range.white - range.black);
  return {-range.black * deviation, deviation};
}

// There are 256 bytes, so on the CPU each is computed once.
using Levels = std::array<float, 256>;

Levels levels_of(const Range& range) {
  const Normal normal = normal_of(range);
  const auto mean = static_cast<float>(normal.mean);
  const auto deviation = static_cast<float>(normal.deviation);
  Levels levels;
  for (size_t i = 0; i < levels.size(); ++i) {
    levels[i] = (static_cast<float>(i) / 255.0f - mean) / deviation;
  }
  return levels;
}

void look_up(const Levels& levels, const uint8_t* from, int64_t count, float* to) {
  for (int64_t i = 0; i < count; ++i) to[i] = levels[from[i]];
}

at::Tensor by_arithmetic(const at::Tensor& bytes, const Range& range) {
  const Normal normal = normal_of(range);
  const at::Tensor values = bytes.to(at::kFloat).div_(255);
  const bool is_plain = normal.mean == 0 && normal.deviation == 1;
  return is_plain ? values : values.sub_(normal.mean).div_(normal.deviation);
}

}  // namespace

at::Tensor values_of(const at::Tensor& bytes, const Range& range) {
  if (!bytes.is_cpu()) return by_arithmetic(bytes, range);
  const at::Tensor plain = bytes.contiguous();
  const at::Tensor values = at::empty(plain.sizes(), plain.options().dtype(at::kFloat));
  const Levels levels = levels_of(range);
  const uint8_t* const from = plain.const_data_ptr<uint8_t>();
  float* const to = values.mutable_data_ptr<float>();
  at::parallel_for(0, plain.numel(), kWorthAThread, [&](int64_t begin, int64_t end) {
    look_up(levels, from + begin, end - begin, to + begin);
  });
  return values;
}

at::Tensor values_of(const at::Tensor& bytes, const at::Tensor& chosen, const Range& range) {
  if (!bytes.is_cpu() || !bytes.is_contiguous()) {
    return values_of(bytes.index_select(0, chosen), range);
  }
  Shape shape = bytes.sizes().vec();
  const int64_t size = c10::multiply_integers(shape.begin() + 1, shape.end()), all = shape[0];
  shape[0] = chosen.numel();
  const at::Tensor values = at::empty(shape, bytes.options().dtype(at::kFloat));
  const Levels levels = levels_of(range);
  const uint8_t* const from = bytes.const_data_ptr<uint8_t>();
  const at::Tensor plain = chosen.contiguous();
  const int64_t* const places = plain.const_data_ptr<int64_t>();
  float* const to = values.mutable_data_ptr<float>();
  const int64_t each = std::max<int64_t>(1, kWorthAThread / std::max<int64_t>(1, size));
  at::parallel_for(0, shape[0], each, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      TORCH_CHECK_INDEX(places[i] >= 0 && places[i] < all, "No image ", places[i], " of ", all);
      look_up(levels, from + places[i] * size, size, to + i * size);
    }
  });
  return values;
}

}  // namespace sparring
