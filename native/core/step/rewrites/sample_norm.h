// Normalisation of each sample, of images whose channels lie side by side, as convolutions like
// them. libtorch's is for the other layout.
#pragma once

#include "core/step/rewrites/rewrite.h"

namespace sparring {

// Instance, group and layer normalisation in that layout: libtorch's turn all values over, there
// and back, or take twice as long. Images in the other one go the way of libtorch.
Verdict fuse_sample_norm(const ModulePtr& norm);

}  // namespace sparring
