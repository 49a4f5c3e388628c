// The last bias of a discriminator that sees reals and fakes in one pass. What a critic's reals ask
// of it, and those of hinge's and of relativistic losses, is what its fakes ask, the other way
// round: of two passes the sums are 0 together, exactly. That of one pass would be a rounding
// error, of which Adam makes a step of its whole rate, the next time in the same direction.
#pragma once

#include "core/nn/module.h"

namespace sparring {

// The layer, with a sum for each half of the rows where its bias learns; itself if it has no bias,
// or is none of those that end a discriminator.
ModulePtr with_bias_of_both(const ModulePtr& layer);

}  // namespace sparring
