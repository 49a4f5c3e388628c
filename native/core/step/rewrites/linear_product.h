// A linear layer whose products go to the library that is fastest on this machine.
#pragma once

#include "core/step/rewrites/rewrite.h"

namespace sparring {

// The layer with product(), differentiable any number of times; refused for float32 where
// at::linear uses the same library. (In float64, of tests, it always does, and this proves the
// form.)
Verdict fuse_linear_product(const ModulePtr& linear);

}  // namespace sparring
