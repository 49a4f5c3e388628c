#pragma once

#include "core/nn/sequential.h"

namespace sparring {

// Layers side by side on one input, or by themselves; what becomes of their outputs is the
// subclass's.
class Branches : public Module {
 public:
  Branches(const std::vector<Layer>& layers, const FirstWeights& from);
  bool needs_own_pass() const override;
  bool repeats_itself() const override;
  const std::vector<Part>& branches() const { return branches_; }
  // Joins what the branches' modules gave, or those that step/ has rewritten in their places.
  virtual at::Tensor join(std::vector<at::Tensor> outputs, const at::Tensor& input) const = 0;
  at::Tensor forward(const at::Tensor& input, const Context& context) override;

 private:
  std::vector<Part> branches_;
};

}  // namespace sparring
