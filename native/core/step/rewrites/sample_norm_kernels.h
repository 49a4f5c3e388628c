// Normalisation of each sample and the (leaky) ReLU after it on the CPU: one go for a sample each
// way, while it lies in the cache. Images are [samples, rows, columns], contiguous, with their
// channels as columns; numbers are [samples, columns], the factors' [columns].
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
// normal; and the gradient at x, unless that is undefined.
void differentiate_samples(const NormGradient& of, const SampleNumbers& by, const at::Tensor& sum,
                           const at::Tensor& dot, const at::Tensor& at_x);

}  // namespace sparring
