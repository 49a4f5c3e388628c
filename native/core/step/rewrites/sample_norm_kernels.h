// Normalisation of each sample and the (leaky) ReLU after it on the CPU: one go for a sample each
// way, while it lies in the cache. Images are [samples, rows, columns], contiguous, with their
// channels as columns; numbers are [samples, columns], the factors' [columns]. Layer normalisation
// has a factor for each value, [rows, columns], and one number for each sample, [samples].
#pragma once

#include "core/step/rewrites/norm_kernels.h"

namespace sparring {

// Group normalisation: channels side by side share their statistics, in so many groups. It is
// instance normalisation where each channel is one.
struct SampleNormRule {
  at::Tensor weight, bias;
  double eps;
  int64_t groups;
};

// Whether each value has a factor of its own.
inline bool is_of_layer(const at::Tensor& weight) { return weight.dim() == 2; }

// output = leaky(normal · weight + bias), with normal = (x - mean) · scale; `mean` and `scale`, at
// each column those of its group, are for the derivatives.
void normalize_samples(const at::Tensor& x, const SampleNormRule& rule, double slope,
                       const at::Tensor& mean, const at::Tensor& scale, const at::Tensor& output);

// What such a pass left.
struct SampleNumbers {
  at::Tensor weight, mean, scale;
  int64_t groups;
};

// Sums over the rows of g, which is the gradient times the slope of the activation, and of g ·
// normal, with normal = (x - mean) · scale. Layer normalisation's are of h = weight · g instead.
struct NormSums {
  at::Tensor sum, dot;
};

// Gradients; undefined where nobody needs them, and then at both factors.
struct SampleDerivatives {
  at::Tensor at_x, at_weight, at_bias;
};

void differentiate_samples(const NormGradient& of, const SampleNumbers& by, const NormSums& sums,
                           const SampleDerivatives& into);

}  // namespace sparring
