// How fused execution rounds on networks that nobody chose, beside eager.
#pragma once

#include <cstdint>

namespace sparring::test {

// Draws a pair, values far from 0 now and then, and how it is trained. Trains it for two steps by
// both executions in float32 or bfloat16, and by eager in float64, of which the weights and all
// that is drawn are the same. Checks that no gradient, loss or statistic of fused is much further
// from float64 than eager's is, or than float64 itself goes for weights that are off by a rounding.
// False where the pair says nothing: it blows up, or has layers that the type decides on.
bool check_rounding(uint32_t seed);

}  // namespace sparring::test
