#pragma once

#include "core/nn/module.h"

namespace sparring {

// Means of windows.
class AvgPool2d : public Module {
 public:
  explicit AvgPool2d(const Layer& layer);
  // [N, C, H, W] -> [N, C, H', W']
  at::Tensor forward(const at::Tensor& input, const Context&) override;
  const Shape& kernel() const { return kernel_; }
  const Shape& stride() const { return stride_; }
  const Shape& padding() const { return padding_; }

 private:
  Shape kernel_, stride_, padding_;
  bool counts_padding_;
};

}  // namespace sparring
