#pragma once

#include "core/nn/module.h"

namespace sparring {

// Karras et al. 2019: noise for each pixel, the same on all channels, of a strength that is
// learned.
class NoiseInjection : public Module {
 public:
  NoiseInjection(const Shape& size, RandomStream& stream);
  // [N, C, H, W] -> [N, C, H, W]
  at::Tensor forward(const at::Tensor& input, const Context& context) override;
  bool needs_own_pass() const override { return true; }
  bool repeats_itself() const override { return false; }

  // For the rewrites of step/: drawn for the pixels of the input, [N, 1, H, W]. In evaluation every
  // sample has the picture that was drawn with the first weights, [H, W].
  at::Tensor noise_for(const at::Tensor& input, const Context& context) const;
  // One number.
  const at::Tensor& strength() const { return strength_; }

 private:
  at::Tensor strength_, const_;
};

}  // namespace sparring
