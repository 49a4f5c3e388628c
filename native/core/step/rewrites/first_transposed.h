// A transposed convolution on a single pixel, as a DCGAN's first: one product of matrices.
#pragma once

#include "core/step/rewrites/rewrite.h"

namespace sparring {

// The layer, where its input is one pixel, as [N, in] times [in, out · kH · kW]; on larger inputs
// it runs as it is.
Verdict fuse_first_transposed(const ModulePtr& conv);

}  // namespace sparring
