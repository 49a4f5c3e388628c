// The masks of dropout.
#pragma once

#include "core/torch.h"

namespace sparring {

// Values that are 1 / probability with that probability and 0 otherwise: those of
// mask.bernoulli_(probability, generator).div_(probability), bit for bit, and `generator` is where
// that would leave it. On a CPU they are made many at a time. The mask is contiguous.
void draw_mask(const at::Tensor& mask, double probability, at::Generator& generator);

}  // namespace sparring
