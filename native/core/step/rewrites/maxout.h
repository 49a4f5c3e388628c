// The largest of linear functions: their products by the library that is fastest, and the choice in
// one pass each way.
#pragma once

#include "core/step/rewrites/rewrite.h"

namespace sparring {

// Differentiable any number of times. Refused on a GPU.
Verdict fuse_maxout(const ModulePtr& maxout);

}  // namespace sparring
