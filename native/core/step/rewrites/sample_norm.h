// Instance and layer normalisation of images whose channels lie side by side, as convolutions like
// them. libtorch's are for the other layout: they turn all values over, there and back.
#pragma once

#include "core/step/rewrites/rewrite.h"

namespace sparring {

// Rewrites either kind of layer; images in the other layout go the way of libtorch.
Verdict fuse_sample_norm(const ModulePtr& norm);

}  // namespace sparring
