// The kernels of kernels/, compiled for a GPU and loaded there.
#pragma once

#include <string>

#include "core/optim/adam_kernel.h"
#include "core/step/rewrites/norm_kernels.h"

namespace sparring {

struct OwnKernels {
  // Null: see `off`.
  const NormKernels* norm = nullptr;
  const AdamKernel* adam = nullptr;
  std::string off;  // why there are none
};

// Compiled when a device is first asked for, for its compute capability (10 × major + minor); a
// second at most. Any thread may ask.
const OwnKernels& own_kernels(const at::Device& device, int capability);

}  // namespace sparring
