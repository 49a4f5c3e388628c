// A 3x3 convolution and the averaging of 2x2 pixels after it, as one 4x4 convolution of stride 2.
#pragma once

#include "core/step/rewrites/rewrite.h"

namespace sparring {

// The two as one module on the convolution's own parameters.
//
// The mean of four outputs is linear in the weight: the kernel, fully convolved with ones(2, 2)
// / 4. 16 products for an output instead of 36; an odd side loses its last row either way, so there
// the two run as they are.
Verdict fuse_conv_pool(const ModulePtr& conv, const ModulePtr& pool);

}  // namespace sparring
