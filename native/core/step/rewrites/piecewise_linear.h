// ReLU and leaky ReLU for a discriminator under a penalty. Their second derivative is 0, and
// libtorch makes an image of zeros of it, which then goes back through every layer before.
#pragma once

#include "core/step/rewrites/rewrite.h"

namespace sparring {

// The activation with a second derivative that is not there.
Verdict fuse_piecewise_linear(const ModulePtr& activation);

}  // namespace sparring
