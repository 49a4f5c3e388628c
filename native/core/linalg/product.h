// Matrix products of float32 and float64 on the CPU.
#pragma once

#include "core/torch.h"

namespace sparring {

// out = a b, or out += a b. Any strides of a and b; out is contiguous.
void product(const at::Tensor& out, const at::Tensor& a, const at::Tensor& b,
             bool accumulate = false);

// The library that large products of float32 are computed with: "oneDNN" or "BLAS".
const char* product_library();

}  // namespace sparring
