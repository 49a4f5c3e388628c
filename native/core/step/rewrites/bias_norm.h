// A bias before batch normalisation, which takes it away again.
#pragma once

#include "core/step/rewrites/rewrite.h"

namespace sparring {

// The two as one module without the addition.
//
// norm(x + b) = norm(x), so the bias has no influence and its gradient is 0 (by autograd it is
// rounding noise). Only the running mean knows it: that of x + b is that of x, plus b.
Verdict fuse_bias_norm(const ModulePtr& layer, const ModulePtr& norm);

}  // namespace sparring
