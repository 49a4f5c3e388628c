// Adam (Kingma and Ba 2015), in two forms that agree to rounding.
#pragma once

#include <vector>

#include "core/torch.h"

namespace sparring {

struct AdamOptions {
  double lr = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay = 0;
};

class Adam {
 public:
  Adam(std::vector<at::Tensor> parameters, const AdamOptions& options);

  // One update, operation by operation as Python's single-tensor path, so equal bit for bit.
  void step_exact(const std::vector<at::Tensor>& gradients);
  // The same update in one pass over memory. Gradients may have any strides.
  void step_fused(const std::vector<at::Tensor>& gradients);

  const std::vector<at::Tensor>& parameters() const { return parameters_; }
  int64_t bytes() const;

 private:
  AdamOptions options_;
  std::vector<at::Tensor> parameters_, means_, squares_, steps_;
  int64_t step_ = 0;
};

}  // namespace sparring
