#pragma once

#include "core/nn/module.h"

namespace sparring {

// A module and its key in the state dict.
struct Part {
  std::string path;
  ModulePtr module;
};

class Sequential : public Module {
 public:
  // Children are built and registered in order: the order in which random numbers are drawn.
  Sequential(const std::vector<Layer>& layers, const FirstWeights& from);
  at::Tensor forward(const at::Tensor& input, const Context& context = {}) override;
  bool needs_own_pass() const override;
  bool repeats_itself() const override;
  // The modules in order, with those of inner sequentials in the places of these.
  std::vector<Part> flattened(const std::string& prefix = "") const;

 private:
  std::vector<Part> parts_;
};

}  // namespace sparring
