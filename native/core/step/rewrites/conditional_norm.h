// Batch normalisation with a weight and a bias for each class, and the (leaky) ReLU after it, on
// the CPU: two passes over memory each way, where libtorch takes a dozen.
#pragma once

#include "core/step/rewrites/rewrite.h"

namespace sparring {

// For images whose channels lie side by side. Others go the layer's own way, and so do ranks that
// normalise together.
Verdict fuse_conditional_norm(const ModulePtr& norm);

}  // namespace sparring
