// Batch normalisation of images and the (leaky) ReLU after it, in as few passes over memory as
// there can be.
#pragma once

#include "core/nn/batch_norm.h"
#include "core/step/rewrites/rewrite.h"

namespace sparring {

// What a normalisation is to compute: its own parameters, with another shift and running mean where
// a bias was left out (bias_norm.h). No activation if `slope` is 1.
struct NormPass {
  at::Tensor weight, shift, running_mean, running_var;
  double momentum, eps, slope = 1;
};

// leaky(norm(x)) with the statistics of the batch; updates the running ones. Differentiable any
// number of times.
at::Tensor normalized(const at::Tensor& x, const NormPass& pass);

// Something that normalises, and can do the activation after it as well.
class Normalizing {
 public:
  virtual ~Normalizing() = default;
  virtual ModulePtr with_slope(double slope) const = 0;
};

// The two as one module.
Verdict fuse_norm_activation(const ModulePtr& norm, const ModulePtr& activation);

}  // namespace sparring
