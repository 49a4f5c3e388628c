// torch.nn's default initialisation, drawing from a stream of ours.
#pragma once

#include "core/random.h"
#include "core/torch.h"

namespace sparring {

// Linear's and Conv's reset_parameters: weight from kaiming_uniform_(a=sqrt(5)), then bias from
// U(-1/sqrt(fan_in), 1/sqrt(fan_in)). He et al. 2015, equation 7. `bias` may be undefined.
void init_weight_and_bias(at::Tensor& weight, at::Tensor& bias, RandomStream& stream);

// DCGAN's weights_init (Radford et al. 2016, section 4): N(mean, 0.02).
void init_normal(at::Tensor& weight, double mean, RandomStream& stream);

}  // namespace sparring
