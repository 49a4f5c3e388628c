// What a modulation does to the results of its convolution: factors for each sample and channel,
// then noise, a bias and a (leaky) ReLU, in one pass over memory (modulation_kernels.h).
#pragma once

#include "core/step/rewrites/modulation_kernels.h"

namespace sparring {

// With a graph of any derivative. Images lie in any layout.
at::Tensor shade(const at::Tensor& x, const Shade& by);

}  // namespace sparring
