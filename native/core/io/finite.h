// Weights from a file: whether they are numbers.
#pragma once

#include <cstdint>
#include <vector>

#include "core/named_tensors.h"

namespace sparring {

// The positions of the tensors that hold NaN or infinity, or would as float32. On the CPU, of any
// dtype.
std::vector<int64_t> not_finite(const NamedTensors& tensors);

}  // namespace sparring
