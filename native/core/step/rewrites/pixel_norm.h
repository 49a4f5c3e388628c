// Pixel normalisation of images whose channels lie side by side, in one pass over memory each way,
// where operations of their own take five.
#pragma once

#include "core/step/rewrites/rewrite.h"

namespace sparring {

// On the CPU; images in the other layout go the way of libtorch.
Verdict fuse_pixel_norm(const ModulePtr& norm);

}  // namespace sparring
