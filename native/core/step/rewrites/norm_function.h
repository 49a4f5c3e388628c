// Normalisation and the (leaky) ReLU after it by kernels of our own, and their derivatives.
#pragma once

#include "core/nn/batch_norm.h"
#include "core/step/rewrites/norm_kernels.h"

namespace sparring {

// What a normalisation is to compute: its own parameters, with another bias and running mean where
// a bias was left out before it (bias_norm.h). No activation if `slope` is 1.
struct NormPass {
  NormRule rule;
  double slope = 1;
  TogetherPtr together;
  // 0: each channel by the statistics of the batch. Else every sample by its own, which nobody
  // keeps, its channels in so many groups (group normalisation; instance normalisation where each
  // channel is one).
  int64_t groups = 0;
};

// The same by libtorch.
at::Tensor normalized_by_torch(const at::Tensor& x, const NormPass& pass);

// By the kernels, which suit x: images with their channels last, or rows. Differentiable any number
// of times; with ranks together, once.
at::Tensor normalized_by(const NormKernels& kernels, const at::Tensor& x, const NormPass& pass);

}  // namespace sparring
