// What pixel_norm.h computes, on the CPU: of matrices [rows, columns], contiguous, float32 or
// float64, each row by itself.
#pragma once

#include "core/torch.h"

namespace sparring {

// y = x / sqrt(mean(x²) + eps)
at::Tensor normalize_rows(const at::Tensor& x, double eps);

// The gradient for x of one for y: (g - y · mean(g · y)) / sqrt(mean(x²) + eps).
at::Tensor normalize_rows_backward(const at::Tensor& gradient, const at::Tensor& x, double eps);

}  // namespace sparring
