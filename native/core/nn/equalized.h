#pragma once

#include "core/nn/weighted.h"

namespace sparring {

// A layer whose weights are from N(0, 1) and are scaled when they are used, so that each learns at
// the same rate whatever the width of its layer.
class Equalized : public Module {
 public:
  // Draws the weights of `inner` anew: N(0, 1 / lr_multiplier^2), and 0 for the bias.
  Equalized(std::shared_ptr<Weighted> inner, double gain, double lr_multiplier,
            RandomStream& stream);
  at::Tensor forward(const at::Tensor& input, const Context& context = {}) override;

  // Those of a pass. The bias is undefined where there is none.
  at::Tensor weight() const { return inner_->weight() * scale_; }
  at::Tensor bias() const;
  bool has_own_bias() const { return lr_multiplier_ == 1 || !inner_->bias().defined(); }
  const std::shared_ptr<Weighted>& inner() const { return inner_; }

 private:
  std::shared_ptr<Weighted> inner_;
  double lr_multiplier_, scale_;
};

}  // namespace sparring
