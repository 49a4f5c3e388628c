// Adam's update of one tensor on the CPU, and of the average that follows it, in one pass over
// their memory.
#pragma once

#include "core/torch.h"

namespace sparring {

// The numbers of one update, as torch.optim names them.
struct AdamStep {
  double lr, beta1, beta2, eps, weight_decay;
  bool decoupled;
  int64_t updates;        // of this parameter, this one included
  double average_weight;  // how far the average goes towards the parameter, 0 to 1
};

// All contiguous, of one shape; float32 or float64. The average may be undefined: none follows.
void adam_update(const at::Tensor& parameter, const at::Tensor& gradient, const at::Tensor& mean,
                 const at::Tensor& square, const at::Tensor& average, const AdamStep& step);

}  // namespace sparring
