// Normalisation and activation by the kernels of kernels/norm.cu.
#pragma once

#include "core/step/rewrites/norm_kernels.h"
#include "cuda/launcher.h"

namespace sparring {

// How a matrix is shared out: over its columns, and the blocks of a column over its rows.
Extent norm_blocks(int64_t rows, int64_t columns);

// Kernels for float32, float64, or bfloat16 with float32 for the columns' numbers.
class DeviceNormKernels : public NormKernels {
 public:
  explicit DeviceNormKernels(const Launcher& launcher) : launcher_(launcher) {}

  bool take(at::ScalarType values, at::ScalarType numbers) const override;
  void take_statistics(const at::Tensor& x, const at::Tensor& mean,
                       const at::Tensor& variance) const override;
  void scale_and_bend(const at::Tensor& x, const NormLines& lines, double slope,
                      const at::Tensor& output) const override;
  void sum_gradients(const NormGradient& of, const at::Tensor& mean, const at::Tensor& sum,
                     const at::Tensor& dot) const override;
  void combine(const NormGradient& of, const at::Tensor& factor, const NormLines& lines,
               const at::Tensor& into) const override;

 private:
  const Launcher& launcher_;
};

}  // namespace sparring
