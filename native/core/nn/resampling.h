#pragma once

#include "core/nn/module.h"

namespace sparring {

// Nearest neighbour, by a whole factor.
class Upsample : public Module {
 public:
  explicit Upsample(double factor) : factor_(factor) {}
  at::Tensor forward(const at::Tensor& input) override;  // [N, C, H, W] -> [N, C, fH, fW]
  double factor() const { return factor_; }

 private:
  double factor_;
};

}  // namespace sparring
