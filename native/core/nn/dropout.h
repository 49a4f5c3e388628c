#pragma once

#include "core/nn/module.h"

namespace sparring {

// Srivastava et al. 2014. torch.nn.Dropout and Dropout2d, but drawing from the trainer's own
// stream.
class Dropout : public Module {
 public:
  // What is dropped as a whole.
  enum class Unit { kValue, kChannel };

  Dropout(double p, Unit unit) : p_(p), unit_(unit) {}

  at::Tensor forward(const at::Tensor& input, const Context& context) override;
  bool needs_own_pass() const override { return p_ > 0; }
  bool repeats_itself() const override { return p_ == 0; }

  // How probable it is that a unit is dropped.
  double p() const { return p_; }
  Unit unit() const { return unit_; }

 private:
  double p_;
  Unit unit_;
};

}  // namespace sparring
