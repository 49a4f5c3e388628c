// A 1x1 convolution as what it is where the channels are last: one product of all pixels. On one
// thread libtorch makes it of fewer than 16 images by a loop over images whose channels are first.
#pragma once

#include "core/step/rewrites/rewrite.h"

namespace sparring {

// The layer with product(), differentiable any number of times; refused for float32 where the
// products are the BLAS's. A 1x1 convolution beside a change of resolution stays beside it.
Verdict fuse_pixel_product(const ModulePtr& conv);

}  // namespace sparring
