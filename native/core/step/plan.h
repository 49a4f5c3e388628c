// A network as the fused step runs it: the same parameters, fewer and larger operations.
#pragma once

#include <vector>

#include "core/nn/sequential.h"

namespace sparring {

class Plan {
 public:
  explicit Plan(const Sequential& network);

  at::Tensor forward(const at::Tensor& input) const;
  // True where a batch of reals and a batch of fakes must stay apart.
  bool couples_samples() const { return couples_samples_; }

 private:
  std::vector<ModulePtr> operations_;
  bool couples_samples_;
};

}  // namespace sparring
