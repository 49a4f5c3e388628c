#pragma once

#include "core/nn/sequential.h"

namespace sparring {

// Layers, the synthesis, that see what others, the mapping, make of the input: w.
class Styled : public Module {
 public:
  Styled(const Layer& layer, const FirstWeights& from);
  at::Tensor forward(const at::Tensor& input, const Context& context = {}) override;
  bool needs_own_pass() const override;
  bool repeats_itself() const override;
  // Both, with their keys in the state dict: the mapping, then the synthesis.
  const std::vector<Part>& parts() const { return parts_; }

 private:
  std::vector<Part> parts_;
};

// The context of the layers that see w, [N, features].
Context seeing(const at::Tensor& w, const Context& context);

}  // namespace sparring
