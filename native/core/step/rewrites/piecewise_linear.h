// ReLU and leaky ReLU for a discriminator under a penalty. Their second derivative is 0, and
// libtorch makes an image of zeros of it, which then goes back through every layer before.
#pragma once

#include "core/step/rewrites/rewrite.h"

namespace sparring {

// The activation itself as libtorch has it; x if `slope` is 1.
at::Tensor bend(const at::Tensor& x, double slope);

// A gradient times the slope of the activation, 1 above 0 and `slope` below, which x tells or what
// came of it. Linear in the gradient, and constant in x but for a jump at 0.
at::Tensor sloped(const at::Tensor& gradient, const at::Tensor& x, double slope);

// The activation with a second derivative that is not there.
Verdict fuse_piecewise_linear(const ModulePtr& activation);

}  // namespace sparring
