// How a learning rate changes with the updates that an optimizer has done.
#pragma once

#include <functional>

#include "core/options.h"

namespace sparring {

// (base rate, updates done before this one) -> rate
using Schedule = std::function<double(double, int64_t)>;

// torch.optim.lr_scheduler's formulas in closed form. Throws ERR_NATIVE for a name that is not
// there.
Schedule make_schedule(const Choice& choice);

}  // namespace sparring
