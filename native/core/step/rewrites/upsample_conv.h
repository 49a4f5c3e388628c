// Nearest x2 upsampling and the 3x3 convolution after it, as one 4x4 transposed convolution of
// stride 2.
#pragma once

#include "core/step/rewrites/rewrite.h"

namespace sparring {

// The two as one module on the convolution's own parameters.
//
// Along one axis, y[2i] = w0 x[i-1] + (w1 + w2) x[i] and y[2i+1] = (w0 + w1) x[i] + w2 x[i+1]: four
// taps do the work of nine in two dimensions, borders included. Linear in w, so autograd's gradient
// is exact.
Verdict fuse_upsample_conv(const ModulePtr& upsample, const ModulePtr& conv);

}  // namespace sparring
