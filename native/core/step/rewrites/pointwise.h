// A 1x1 convolution beside a change of resolution: at the lower of the two it has a quarter of the
// work.
#pragma once

#include "core/step/rewrites/rewrite.h"

namespace sparring {

// Nearest upsampling, then the convolution: the convolution first. It looks at each pixel by itself
// and the upsampling repeats pixels, so not even the last bit changes.
Verdict sink_upsample(const ModulePtr& upsample, const ModulePtr& conv);

// The convolution, then means of pixels: the means first. Both are linear, and the mean of a bias
// is the bias.
Verdict raise_pool(const ModulePtr& conv, const ModulePtr& pool);

}  // namespace sparring
