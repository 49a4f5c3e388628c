#include "core/step/rewrites/norm_kernels.h"

#include <ATen/Dispatch.h>

#include "core/runtime/accelerator.h"
#include "core/step/rewrites/norm_loops.h"

namespace sparring {
namespace {

// Batches: one matrix, whose rows the threads share out.
class CpuNormKernels : public NormKernels {
 public:
  bool take(at::ScalarType values, at::ScalarType numbers) const override {
    return values == numbers && (values == at::kFloat || values == at::kDouble);
  }

  void take_statistics(const at::Tensor& x, const at::Tensor& mean,
                       const at::Tensor& variance) const override {
    AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "take_statistics", [&] {
      const Matrix<scalar_t> of(x);
      take_statistics_of(of, of.values(x), of.numbers(mean), of.numbers(variance));
    });
  }

  void scale_and_bend(const at::Tensor& x, const at::Tensor& factor, const at::Tensor& offset,
                      double slope, const at::Tensor& output) const override {
    AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "scale_and_bend", [&] {
      using T = scalar_t;
      const Matrix<T> of(x);
      const ScaleAndBend<T> by{of.numbers(factor), of.numbers(offset), static_cast<T>(slope)};
      scale_and_bend_of(of, of.values(x), by, of.values(output));
    });
  }

  void sum_gradients(const NormGradient& of, const at::Tensor& mean, const at::Tensor& sum,
                     const at::Tensor& dot) const override {
    AT_DISPATCH_FLOATING_TYPES(of.x.scalar_type(), "sum_gradients", [&] {
      const Matrix<scalar_t> one(of.x);
      sum_gradients_of(one, one.slopes(of), one.numbers(mean), one.numbers(sum), one.numbers(dot));
    });
  }

  void combine(const NormGradient& of, const at::Tensor& factor, const at::Tensor& along,
               const at::Tensor& offset, const at::Tensor& into) const override {
    AT_DISPATCH_FLOATING_TYPES(of.x.scalar_type(), "combine", [&] {
      const Matrix<scalar_t> one(of.x);
      const Combination<scalar_t> by{one.numbers(factor), one.numbers(along), one.numbers(offset)};
      combine_of(one, one.slopes(of), by, one.values(into));
    });
  }
};

}  // namespace

const NormKernels& norm_kernels_of_cpu() {
  static const CpuNormKernels kernels;
  return kernels;
}

const NormKernels* norm_kernels(const at::Device& device) {
  if (device.is_cpu()) return &norm_kernels_of_cpu();
  return accelerator() == nullptr ? nullptr : accelerator()->norm_kernels(device);
}

std::string norm_kernels_off(const at::Device& device) {
  if (norm_kernels(device) != nullptr) return "";
  return accelerator() == nullptr ? accelerator_off() : accelerator()->kernels_off(device);
}

}  // namespace sparring
