// What a device can do at best, measured: what a step's time is to be compared with.
#pragma once

#include "core/runtime/precision.h"

namespace sparring {

struct Ceiling {
  double flops;  // a second, of a large matrix product; two for a multiplication with its addition
  double bytes;  // a second, read and written, of a large copy
};

// Takes some tenths of a second.
Ceiling measure_ceiling(const at::Device& device, Precision precision);

// How many times as long as in float32 a product in bfloat16 takes on this CPU; below 1 where it
// has instructions for it.
double bfloat16_cost();

}  // namespace sparring
