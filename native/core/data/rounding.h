// A program's numbers as a dataset keeps them: the nearest level of grey, or float32. By loops of
// our own on the thread that calls, which is JavaScript's: only there nobody can change an array,
// or take it away, while it is read, and for libtorch it is the wrong one.
#pragma once

#include <cstdint>

namespace sparring {

struct Range;

// Each to the nearest of 256 levels, as torchvision's save_image does, in float64. Returns the
// index of the first that is more than half a level outside the range, or NaN; -1 if none is.
// T: float, double or uint8_t
template <class T>
int64_t to_levels(const T* values, int64_t count, const Range& range, uint8_t* levels);

// Returns the index of the first that is not finite then; -1 if all are. T: float or double
template <class T>
int64_t to_finite(const T* values, int64_t count, float* floats);

}  // namespace sparring
