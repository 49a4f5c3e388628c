// 3x3 convolutions of stride 1 and padding 1, which keep height and width, with 4 multiplications
// where the definition has 9 (same_conv_kernels.h), of all channels or in groups.
#pragma once

#include "core/step/rewrites/rewrite.h"

namespace sparring {

// A layer of that kind in that form, null for others: whether it pays or not.
std::shared_ptr<Rewrite> as_same_conv(const ModulePtr& module);

// The form of as_same_conv(), where it pays.
Verdict fuse_same_conv(const ModulePtr& module);

}  // namespace sparring
