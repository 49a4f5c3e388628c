#include "core/linalg/bfloat16_loops.h"

#include "core/bfloat16_bits.h"

namespace sparring::bfloat16 {
namespace {

constexpr int64_t kLanes = 16;

// Two values as one of 32 bits, the first in the lower half.
SPARRING_INLINE inline uint32_t rounded_pair(float even, float odd) {
  return (rounded_to_bfloat16(even) >> 16) | (rounded_to_bfloat16(odd) & 0xffff0000);
}

}  // namespace

SPARRING_WIDE void round(const float* from, const float* bias, int64_t count, at::BFloat16* to) {
  if (bias == nullptr) {
    SPARRING_APART
    for (int64_t i = 0; i < count; ++i) store(from[i], to[i]);
    return;
  }
  SPARRING_APART
  for (int64_t i = 0; i < count; ++i) store(from[i] + bias[i], to[i]);
}

SPARRING_WIDE void round_pairs(const float* even, const float* odd,
                               const std::vector<int64_t>& from, at::BFloat16* to, int64_t step) {
  const int64_t count = static_cast<int64_t>(from.size());
  for (int64_t row = 0; row < count; ++row) {
    const float *const a = even + from[row] * kLanes, *const b = odd + from[row] * kLanes;
    auto* const pairs = reinterpret_cast<uint32_t*>(to + row * step);
    SPARRING_APART
    for (int64_t i = 0; i < kLanes; ++i) pairs[i] = rounded_pair(a[i], b[i]);
  }
}

SPARRING_WIDE void round_pair(const float* even, const float* odd, int64_t count,
                              at::BFloat16* to) {
  auto* const pairs = reinterpret_cast<uint32_t*>(to);
  SPARRING_APART
  for (int64_t i = 0; i < count; ++i) pairs[i] = rounded_pair(even[i], odd[i]);
}

SPARRING_WIDE void braid(const at::BFloat16* even, const at::BFloat16* odd,
                         const std::vector<int64_t>& offsets, int64_t count, at::BFloat16* to) {
  const auto *const a = reinterpret_cast<const uint16_t*>(even),
                    *const b = reinterpret_cast<const uint16_t*>(odd);
  auto* pairs = reinterpret_cast<uint32_t*>(to);
  for (const int64_t offset : offsets) {
    for (int64_t first = 0; first < count; first += kLanes) {
      SPARRING_APART
      for (int64_t i = 0; i < kLanes; ++i) {
        const int64_t at = offset + first + i;
        pairs[first + i] = a[at] | static_cast<uint32_t>(b[at]) << 16;
      }
    }
    pairs += count;
  }
}

}  // namespace sparring::bfloat16
