#include "core/step/rewrites/norm_kernels.h"

#include <ATen/Dispatch.h>

#include "core/runtime/accelerator.h"
#include "core/step/rewrites/norm_loops.h"

namespace sparring {
namespace {

template <class T>
Lines<Computed<T>> lines_of(const SampleMatrix<T>& x, const NormLines& lines) {
  return {x.numbers(lines.mean), x.numbers(lines.along), x.numbers(lines.offset)};
}

// Batches: one matrix, whose rows the threads share out.
class CpuNormKernels : public NormKernels {
 public:
  bool take(at::ScalarType values, at::ScalarType numbers) const override {
    if (values == at::kBFloat16) return numbers == at::kFloat;
    return values == numbers && (values == at::kFloat || values == at::kDouble);
  }

  void take_statistics(const at::Tensor& x, const at::Tensor& mean,
                       const at::Tensor& variance) const override {
    AT_DISPATCH_FLOATING_TYPES_AND(at::kBFloat16, x.scalar_type(), "take_statistics", [&] {
      const SampleMatrix<scalar_t> of(x);
      take_statistics_of(of, of.values(x), of.numbers(mean), of.numbers(variance));
    });
  }

  void scale_and_bend(const at::Tensor& x, const NormLines& lines, double slope,
                      const at::Tensor& output) const override {
    AT_DISPATCH_FLOATING_TYPES_AND(at::kBFloat16, x.scalar_type(), "scale_and_bend", [&] {
      using T = scalar_t;
      const SampleMatrix<T> of(x);
      scale_and_bend_of(of, of.values(x), lines_of(of, lines), static_cast<Computed<T>>(slope),
                        of.values(output));
    });
  }

  void sum_gradients(const NormGradient& of, const at::Tensor& mean, const at::Tensor& sum,
                     const at::Tensor& dot) const override {
    AT_DISPATCH_FLOATING_TYPES_AND(at::kBFloat16, of.x.scalar_type(), "sum_gradients", [&] {
      const SampleMatrix<scalar_t> one(of.x);
      sum_gradients_of(one, one.slopes(of), one.numbers(mean), one.numbers(sum), one.numbers(dot));
    });
  }

  void combine(const NormGradient& of, const at::Tensor& factor, const NormLines& lines,
               const at::Tensor& into) const override {
    AT_DISPATCH_FLOATING_TYPES_AND(at::kBFloat16, of.x.scalar_type(), "combine", [&] {
      const SampleMatrix<scalar_t> one(of.x);
      combine_of(one, one.slopes(of), {one.numbers(factor), lines_of(one, lines)},
                 one.values(into));
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
