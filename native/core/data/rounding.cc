#include "core/data/rounding.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/data/dataset.h"
#include "core/wide.h"

namespace sparring {
namespace {

// Values that are rounded before anybody asks whether all of them could be.
constexpr int64_t kBlock = 4096;

struct Scale {
  double black, levels;  // levels a unit
};

Scale scale_of(const Range& range) { return {range.black, 255 / (range.white - range.black)}; }

// Where a value is on the scale, half a level up: cut off, it is the nearest level.
template <class T>
SPARRING_INLINE inline double place_of(T value, const Scale& scale) {
  return (static_cast<double>(value) - scale.black) * scale.levels + 0.5;
}

// False for NaN.
SPARRING_INLINE inline bool is_level(double place) {
  return static_cast<int>(place >= 0) & static_cast<int>(place < 256);
}

SPARRING_INLINE inline bool is_finite(float value) {
  return std::abs(value) <= std::numeric_limits<float>::max();
}

// Whether all of them could be.
template <class T>
SPARRING_WIDE bool round_to_levels(const T* values, int64_t count, const Scale& given,
                                   uint8_t* levels) {
  const Scale scale = given;
  int32_t all = 1;
  SPARRING_APART
  for (int64_t i = 0; i < count; ++i) {
    const double place = place_of(values[i], scale);
    const bool fits = is_level(place);
    all &= static_cast<int32_t>(fits);
    levels[i] = static_cast<uint8_t>(static_cast<int32_t>(fits ? place : 0));
  }
  return all != 0;
}

template <class T>
SPARRING_WIDE bool round_to_floats(const T* values, int64_t count, float* floats) {
  int32_t all = 1;
  SPARRING_APART
  for (int64_t i = 0; i < count; ++i) {
    floats[i] = static_cast<float>(values[i]);
    all &= static_cast<int32_t>(is_finite(floats[i]));
  }
  return all != 0;
}

// A block after the other, as long as `round(start, count)` could round all of it. Returns the
// first value of the other block that is not `kept(index)`; -1 if there is none.
template <class Round, class Kept>
int64_t first_unfit(int64_t count, const Round& round, const Kept& kept) {
  for (int64_t start = 0; start < count; start += kBlock) {
    const int64_t end = std::min(start + kBlock, count);
    if (round(start, end - start)) continue;
    for (int64_t i = start; i < end; ++i) {
      if (!kept(i)) return i;
    }
  }
  return -1;
}

}  // namespace

template <class T>
int64_t to_levels(const T* values, int64_t count, const Range& range, uint8_t* levels) {
  const Scale scale = scale_of(range);
  return first_unfit(
      count,
      [&](int64_t start, int64_t some) {
        return round_to_levels(values + start, some, scale, levels + start);
      },
      [&](int64_t i) { return is_level(place_of(values[i], scale)); });
}

template <class T>
int64_t to_finite(const T* values, int64_t count, float* floats) {
  return first_unfit(
      count,
      [&](int64_t start, int64_t some) {
        return round_to_floats(values + start, some, floats + start);
      },
      [&](int64_t i) { return is_finite(static_cast<float>(values[i])); });
}

template int64_t to_levels(const float*, int64_t, const Range&, uint8_t*);
template int64_t to_levels(const double*, int64_t, const Range&, uint8_t*);
template int64_t to_levels(const uint8_t*, int64_t, const Range&, uint8_t*);
template int64_t to_finite(const float*, int64_t, float*);
template int64_t to_finite(const double*, int64_t, float*);

}  // namespace sparring
