// A linear layer whose products go to the library that is fastest on this machine.
#pragma once

#include "core/nn/linear.h"
#include "core/step/rewrites/rewrite.h"

namespace sparring {

// The layer with dense::product(); null where at::linear would do the same. Differentiable any
// number of times.
ModulePtr fuse_linear_product(const ModulePtr& linear);

}  // namespace sparring
