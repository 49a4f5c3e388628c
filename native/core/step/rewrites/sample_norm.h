// Normalisation of each sample, of images whose channels lie side by side, as convolutions like
// them. libtorch's is for the other layout.
#pragma once

#include "core/step/rewrites/rewrite.h"

namespace sparring {

// Instance and layer normalisation in that layout: libtorch's turn all values over, there
// and back. Images in the other one go the way of libtorch.
Verdict fuse_sample_norm(const ModulePtr& norm);

// Group normalisation in that layout, as instance normalisation is done: for a penalty, as it has a
// second derivative of two passes then.
Verdict fuse_penalised_group_norm(const ModulePtr& norm);

// Group normalisation in the other layout, in which it leaves the images: elsewhere libtorch's is
// as fast there, and faster for few images.
Verdict fuse_group_norm(const ModulePtr& norm);

}  // namespace sparring
