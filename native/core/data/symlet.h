// The scaling filter of the symlet with six vanishing moments (Daubechies 1992). It is orthogonal
// to itself moved by two: up by it and down by it again is nothing at all.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

namespace sparring {

inline constexpr std::array<double, 12> kSymlet = {
    0.015404109327027373,  0.0034907120842174702, -0.11799011114819057,  -0.048311742585633,
    0.4910559419267466,    0.787641141030194,     0.3379294217276218,    -0.07263752278646252,
    -0.021060292512300564, 0.04472490177066578,   0.0017677118642428036, -0.007800708325034148};
inline constexpr int64_t kTaps = kSymlet.size();
// The tap that a pixel itself is at, and how many there are before it. The filter leans to one
// side: its centre of mass is at 5.1. Of all whole taps this one is nearest, and NVIDIA's program
// has it, too. Counted from the middle of the twelve, 5.5, half a turn would move an image by 0.4
// pixels.
inline constexpr int64_t kBefore = kTaps / 2 - 1;

// Pixels after which a mirrored image repeats itself.
inline int64_t mirrored_period(int64_t size) { return std::max(2 * (size - 1), int64_t{1}); }

// At which pixel a mirrored image has what it has at `place`.
inline int64_t mirrored_at(int64_t place, int64_t period) {
  const int64_t within = ((place % period) + period) % period;
  return std::min(within, period - within);
}

}  // namespace sparring
