// Convolutions for a discriminator under a penalty: what it learns by are second derivatives, and
// those of libtorch's convolutions mostly take longer than first ones (bilinear.h).
#pragma once

#include "core/step/rewrites/rewrite.h"

namespace sparring {

Verdict fuse_conv_derivatives(const ModulePtr& conv);

}  // namespace sparring
