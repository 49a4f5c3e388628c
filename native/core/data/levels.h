// Bytes as values by a table: there are 256 of them, so each is computed once. On the CPU.
#pragma once

#include <array>

#include "core/torch.h"

namespace sparring {

struct Range;

// What each byte is, to the bit as torchvision's arithmetic has it (see make_batch()).
std::array<float, 256> levels_of(const Range& range);

// float32 [N, ...] of bytes, uint8 [N, ...], or of the chosen ones of them, int64 [M].
at::Tensor values_of(const at::Tensor& bytes, const Range& range);
at::Tensor values_of(const at::Tensor& bytes, const at::Tensor& indices, const Range& range);

}  // namespace sparring
