// Batch normalisation of images and the (leaky) ReLU after it, in as few passes over memory as
// there can be; and how other normalisation takes the activation in.
#pragma once

#include "core/step/rewrites/norm_function.h"
#include "core/step/rewrites/rewrite.h"

namespace sparring {

// leaky(norm(x)) with the statistics of the batch, of all ranks where they normalise together;
// updates the running ones. Differentiable twice at least, but once by ranks together.
at::Tensor normalized(const at::Tensor& x, const NormPass& pass);
// By kernels that may be another device's; none where null.
at::Tensor normalized(const at::Tensor& x, const NormPass& pass, const NormKernels* kernels);

// Something that normalises, and can do the activation after it as well.
class Normalizing {
 public:
  virtual ~Normalizing() = default;
  virtual ModulePtr with_slope(double slope) const = 0;
  // Why there is no way to do that; empty if there is one.
  virtual std::string obstacle() const = 0;
};

// Why batch normalisation cannot.
std::string obstacle_of(const BatchNorm& norm);

// The two as one module; in evaluation by the running statistics.
Verdict fuse_norm_activation(const ModulePtr& norm, const ModulePtr& activation);

// Batch normalisation by itself, on the CPU: libtorch's sums a channel that lies beside others one
// value after the other, with an error in float32 that grows with their number.
Verdict fuse_batch_norm(const ModulePtr& norm);

}  // namespace sparring
