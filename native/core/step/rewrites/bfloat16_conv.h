// Convolutions in bfloat16 as products by tiles (bfloat16_conv_kernels.h), where images are small
// and oneDNN's are slow.
#pragma once

#include "core/step/rewrites/rewrite.h"

namespace sparring {

// A convolution, transposed or not, or what another rewrite made one of, in that form; null for
// others, and for numbers of channels that do not fill tiles.
ModulePtr as_bfloat16_conv(const ModulePtr& module);

// The form of as_bfloat16_conv(), where the processor has tiles.
Verdict fuse_bfloat16_conv(const ModulePtr& module);

}  // namespace sparring
