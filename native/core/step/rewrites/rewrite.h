// A layer of the network in another form: the same function of the same parameters.
#pragma once

#include <string>

#include "core/nn/module.h"

namespace sparring {

class Rewrite : public Module {
 public:
  at::Tensor forward(const at::Tensor& input, const Context&) override {
    return apply(input, bias());
  }
  // The layer with another bias in the place of its own; with none if it is undefined.
  virtual at::Tensor apply(const at::Tensor& input, const at::Tensor& bias) const = 0;
  virtual const at::Tensor& bias() const = 0;
};

// What a rewrite makes of layers: another form, or the reason why there is none. Neither, where the
// layers are not its business.
struct Verdict {
  ModulePtr module;
  std::string reason;
};

inline Verdict refuse(std::string reason) { return {nullptr, std::move(reason)}; }

}  // namespace sparring
