// A number that other bytes have with a chance of 1 in 2^64; no cryptography.
#pragma once

#include <cstdint>

#include "core/torch.h"

namespace sparring {

// Goes on from `hash`; every word changes all of what follows.
uint64_t fold(uint64_t hash, uint64_t word);
// The values, on whatever device, in the order of their indices.
uint64_t fold(uint64_t hash, const at::Tensor& values);
inline uint64_t hash_of(const at::Tensor& values) { return fold(1, values); }

}  // namespace sparring
