// What a modulation does to the results of its convolution, in one pass over memory each way: on
// the CPU, float32, float64 or bfloat16, channels last. All but images are in float32 for bfloat16.
//
// y = bend(factor[sample, channel] · x + strength · noise[sample, pixel] + bias[channel])
#pragma once

#include "core/torch.h"

namespace sparring {

struct Shade {
  at::Tensor factors;          // [N, C]
  at::Tensor bias;             // [C]; undefined: none
  at::Tensor noise, strength;  // [N, 1, H, W] or [H, W], and one number; undefined: none
  // Below 0, from 0 to 1; 1 bends nothing.
  double slope = 1;
};

// Of an image [N, C, H, W].
at::Tensor shaded(const at::Tensor& x, const Shade& by);

struct ShadeGradients {
  at::Tensor x, factors, bias, strength;
};

// Of all that there is, from what was made and the gradient for it.
ShadeGradients shade_gradients(const at::Tensor& gradient, const at::Tensor& x,
                               const at::Tensor& made, const Shade& by);

}  // namespace sparring
