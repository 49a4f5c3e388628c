// The loops around products in bfloat16, as vectors.
#pragma once

#include <cstdint>
#include <vector>

#include "core/torch.h"

namespace sparring::bfloat16 {

// to = from + bias, rounded to the nearest, ties to even; no bias where it is null.
void round(const float* from, const float* bias, int64_t count, at::BFloat16* to);

// Rounds two rows, and lays them value by value.
void round_pair(const float* even, const float* odd, int64_t count, at::BFloat16* to);

// The same of so many sixteens, wherever they lie: sixteen `from[i]` of each row become the 32
// values at `to + i * step`.
void round_pairs(const float* even, const float* odd, const std::vector<int64_t>& from,
                 at::BFloat16* to, int64_t step);

// Two pixels value by value: `count` channels, a multiple of 16, at each of the offsets.
void braid(const at::BFloat16* even, const at::BFloat16* odd, const std::vector<int64_t>& offsets,
           int64_t count, at::BFloat16* to);

}  // namespace sparring::bfloat16
