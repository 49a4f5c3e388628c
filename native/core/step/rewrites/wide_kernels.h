// Kernels of 3x3 made 4x4, for a convolution that does the work of another one and of resampling by
// 2, in one pass over them.
#pragma once

#include <ATen/core/Tensor.h>

namespace sparring {

// [A, B, 3, 3] -> [A, B, 4, 4]: each kernel, turned by half a turn if `turned`, fully convolved
// with a square of four ones, times `factor`. Linear in the kernels; all derivatives are exact.
at::Tensor wide_kernels(const at::Tensor& kernels, bool turned, double factor);

}  // namespace sparring
