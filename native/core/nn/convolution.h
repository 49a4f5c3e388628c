#pragma once

#include "core/nn/module.h"

namespace sparring {

class Conv2d : public Module {
 public:
  Conv2d(const Layer& layer, RandomStream& stream);
  at::Tensor forward(const at::Tensor& input) override;  // [N, C, H, W] -> [N, out, H', W']

  // For the rewrites of step/, which run the same parameters in another form.
  const at::Tensor& weight() const { return weight_; }
  const at::Tensor& bias() const { return bias_; }
  const Shape& stride() const { return stride_; }
  const Shape& padding() const { return padding_; }

 private:
  Shape stride_, padding_;
  at::Tensor weight_, bias_;
};

}  // namespace sparring
