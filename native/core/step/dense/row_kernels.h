// Rows of a matrix, one number for each: contiguous, on the CPU, float32 or float64.
#pragma once

#include "core/torch.h"

namespace sparring::dense {

// squares = the sum of squares of each row; [rows, 1].
void square_rows(const at::Tensor& matrix, const at::Tensor& squares);
// Each row times its factor; [rows, 1].
void scale_rows(const at::Tensor& matrix, const at::Tensor& factors);

}  // namespace sparring::dense
