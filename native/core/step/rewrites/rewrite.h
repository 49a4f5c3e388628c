// A layer of the network in another form: the same function of the same parameters.
#pragma once

#include "core/nn/module.h"

namespace sparring {

class Rewrite : public Module {
 public:
  at::Tensor forward(const at::Tensor& input, const Context&) override {
    return apply(input, bias());
  }
  // With another bias in the place of its own; none if undefined.
  virtual at::Tensor apply(const at::Tensor& input, const at::Tensor& bias) const = 0;
  virtual const at::Tensor& bias() const = 0;
};

}  // namespace sparring
