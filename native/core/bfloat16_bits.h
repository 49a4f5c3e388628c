// Values of a bfloat16 within loops that become vectors (wide.h), where c10's conversions would be
// calls.
#pragma once

#include <cstdint>
#include <type_traits>

#include "core/torch.h"
#include "core/wide.h"

namespace sparring {

// The bits of a float32 as one whose upper half is the nearest bfloat16, ties to even. NaN stays
// NaN.
SPARRING_INLINE inline uint32_t rounded_to_bfloat16(float value) {
  const auto bits = __builtin_bit_cast(uint32_t, value);
  const uint32_t nearest = bits + 0x7fff + ((bits >> 16) & 1);
  return (bits & 0x7fffffff) > 0x7f800000 ? bits | 0x400000 : nearest;
}

// What a value in memory is computed as, and back.
template <class T>
SPARRING_INLINE inline T loaded(T value) {
  return value;
}
SPARRING_INLINE inline float loaded(at::BFloat16 value) {
  return __builtin_bit_cast(float, static_cast<uint32_t>(value.x) << 16);
}
template <class T>
SPARRING_INLINE inline void store(T value, T& to) {
  to = value;
}
SPARRING_INLINE inline void store(float value, at::BFloat16& to) {
  to.x = static_cast<uint16_t>(rounded_to_bfloat16(value) >> 16);
}

// float for bfloat16, else the type itself.
template <class T>
using Computed = std::conditional_t<std::is_same_v<T, at::BFloat16>, float, T>;

}  // namespace sparring
