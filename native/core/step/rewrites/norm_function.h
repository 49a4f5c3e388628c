// Normalisation and the (leaky) ReLU after it by loops or kernels of our own, and their
// derivatives.
#pragma once

#include "core/nn/batch_norm.h"
#include "core/step/rewrites/norm_kernels.h"
#include "core/step/rewrites/sample_norm_kernels.h"

namespace sparring {

// What batch normalisation is to compute: its own parameters, with another bias and running mean
// where a bias was left out before it (bias_norm.h). No activation if `slope` is 1.
struct NormPass {
  NormRule rule;
  double slope = 1;
  TogetherPtr together;
};

// By the kernels, which suit x: images with their channels last, or rows. Differentiable as often
// as libtorch's, twice at least; with ranks together, once.
at::Tensor normalized_by(const NormKernels& kernels, const at::Tensor& x, const NormPass& pass);

// Every sample by its own statistics, on the CPU, of images with their channels last.
// Differentiable any number of times.
at::Tensor normalized_alone(const at::Tensor& x, const SampleNormRule& rule, double slope);

}  // namespace sparring
