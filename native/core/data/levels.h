// Bytes as values, exactly torchvision's (see make_batch()).
#pragma once

#include "core/torch.h"

namespace sparring {

struct Range;

// float32 [N, ...] of bytes, uint8 [N, ...].
at::Tensor values_of(const at::Tensor& bytes, const Range& range);
// The same of the chosen ones, int64 [M], in one go with the choice where that is faster.
at::Tensor values_of(const at::Tensor& bytes, const at::Tensor& chosen, const Range& range);

}  // namespace sparring
