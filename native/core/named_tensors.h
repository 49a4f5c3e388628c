#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/torch.h"

namespace sparring {

// Tensors in order, by their keys in a state dict, or whatever else they are kept under.
using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;

}  // namespace sparring
