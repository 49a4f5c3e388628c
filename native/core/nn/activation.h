#pragma once

#include "core/nn/module.h"

namespace sparring {

// The functions that plans know a closed derivative of; kOther stands for all the rest.
enum class Curve { kNone, kLeakyRelu, kTanh, kSigmoid, kOther };

// A function of each value by itself.
struct Nonlinearity {
  Curve curve = Curve::kNone;
  double slope = 0;  // of kLeakyRelu below 0; 0 is relu
};

class Activation : public Module {
 public:
  explicit Activation(Nonlinearity nonlinearity = {Curve::kOther}) : nonlinearity_(nonlinearity) {}
  const Nonlinearity& nonlinearity() const { return nonlinearity_; }

 private:
  Nonlinearity nonlinearity_;
};

}  // namespace sparring
