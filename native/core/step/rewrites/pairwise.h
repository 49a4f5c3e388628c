// Minibatch discrimination without the differences of all pairs of samples: what a module of
// PyTorch's operations holds for the way back is as many times larger as T has kernel dimensions.
#pragma once

#include "core/step/rewrites/rewrite.h"

namespace sparring {

Verdict fuse_pairwise(const ModulePtr& layer);

}  // namespace sparring
