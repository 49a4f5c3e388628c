// A network as the fused step runs it: the same parameters, fewer and larger operations.
#pragma once

#include <vector>

#include "core/nn/sequential.h"

namespace sparring {

class Plan {
 public:
  explicit Plan(const Sequential& network);
  at::Tensor forward(const at::Tensor& input, const Context& context = {}) const;
  // True where a batch of reals and a batch of fakes must stay apart.
  bool needs_own_pass() const { return needs_own_pass_; }

 private:
  std::vector<ModulePtr> operations_;
  bool needs_own_pass_;
};

}  // namespace sparring
