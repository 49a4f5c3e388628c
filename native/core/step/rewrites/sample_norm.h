// Normalisation of each sample in one go, of images whose channels lie side by side, as
// convolutions like them. libtorch's is for the other layout.
#pragma once

#include "core/step/rewrites/rewrite.h"

namespace sparring {

// Instance, group and layer normalisation: libtorch's turn all values of such images over, there
// and back, or take twice as long. Images in the other layout go the way of libtorch.
Verdict fuse_sample_norm(const ModulePtr& norm);

}  // namespace sparring
