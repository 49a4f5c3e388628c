// What a player's updates are to lower.
#pragma once

#include "core/torch.h"

namespace sparring {

// Of one update, before it, or a mean over some. 0-dim tensors on the device: reading them is left
// to the tick.
struct Loss {
  at::Tensor value;
  at::Tensor penalty;  // what of it penalties are; undefined where none was due
};

}  // namespace sparring
