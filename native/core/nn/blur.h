#pragma once

#include "core/nn/module.h"

namespace sparring {

// The low-pass filter [1, 3, 3, 1] along rows and columns.
class Blur : public Module {
 public:
  // `padding`: zeros to the left, right, top and bottom. The filter adds up to `gain`.
  Blur(int64_t stride, Shape padding, double gain)
      : stride_(stride), padding_(std::move(padding)), gain_(gain) {}
  // [N, C, H, W] -> [N, C, H', W']
  at::Tensor forward(const at::Tensor& input, const Context& = {}) override;
  int64_t stride() const { return stride_; }
  const Shape& padding() const { return padding_; }
  double gain() const { return gain_; }

 private:
  const at::Tensor& filter_for(const at::Tensor& input);

  int64_t stride_;
  Shape padding_;
  double gain_;
  at::Tensor filter_;  // [1, 1, 4, 4], where the last input was
};

}  // namespace sparring
