#pragma once

#include "core/nn/module.h"

namespace sparring {

// Enlarges images by a whole factor, by repeating pixels or bilinearly.
class Upsample : public Module {
 public:
  explicit Upsample(const Layer& layer);
  // [N, C, H, W] -> [N, C, fH, fW]
  at::Tensor forward(const at::Tensor& input, const Context&) override;
  double factor() const { return factor_; }
  bool is_nearest() const { return nearest_; }

 private:
  double factor_;
  bool nearest_, align_corners_;
};

}  // namespace sparring
