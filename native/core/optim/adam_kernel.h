// Adam's update of one tensor on the CPU, in one pass over its memory.
#pragma once

#include "core/torch.h"

namespace sparring {

// The numbers of one update, as torch.optim names them.
struct AdamStep {
  double lr, beta1, beta2, eps, weight_decay;
  bool decoupled;
  int64_t updates;  // of this parameter, this one included
};

// All four contiguous, of one shape; float32 or float64.
void adam_update(const at::Tensor& parameter, const at::Tensor& gradient, const at::Tensor& mean,
                 const at::Tensor& square, const AdamStep& step);

}  // namespace sparring
