// Products of matrices of float32 in bfloat16.
#pragma once

#include "core/torch.h"

namespace sparring {

// out = a b, or out += a b, of both rounded to bfloat16, with sums in float32: by tiles
// (bfloat16_product.h), where the product fills some. Strides as product() takes them.
void rounded_product(const at::Tensor& out, const at::Tensor& a, const at::Tensor& b,
                     bool accumulate = false);

}  // namespace sparring
