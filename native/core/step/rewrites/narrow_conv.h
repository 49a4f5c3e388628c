// A convolution to very few channels, as a generator's last: libtorch's kernels fill their vectors
// with output channels, and here stay nearly empty.
#pragma once

#include "core/step/rewrites/rewrite.h"

namespace sparring {

// The layer as products of matrices.
//
// With the pixels as rows, X [N·H·W, in]: Q = X W' holds for every pixel what each tap of the
// kernel gives; an output is the sum of the taps of its neighbours. Backwards the same from the
// right; with a graph, for a second derivative, backwards is libtorch's.
Verdict fuse_narrow_conv(const ModulePtr& conv);

}  // namespace sparring
