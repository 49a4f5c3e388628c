#include "core/optim/adam_kernel.h"

#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>

#include <cmath>

#include "core/wide.h"

namespace sparring {
namespace {

// Values that are worth another thread: memory is what it waits for.
constexpr int64_t kGrain = 32768;

template <class T>
struct Factors {
  T decay, shrink, take_mean, keep_square, take_square, step_size, correction, eps;
};

template <class T>
SPARRING_WIDE void update(int64_t begin, int64_t end, const Factors<T>& of, T* parameter,
                          const T* gradient, T* mean, T* square) {
  for (int64_t i = begin; i < end; ++i) {
    const T g = gradient[i] + of.decay * parameter[i];
    const T m = mean[i] + of.take_mean * (g - mean[i]);
    const T v = of.keep_square * square[i] + of.take_square * g * g;
    mean[i] = m;
    square[i] = v;
    const T denominator = std::sqrt(v) * of.correction + of.eps;
    parameter[i] = parameter[i] * of.shrink - of.step_size * m / denominator;
  }
}

}  // namespace

void adam_update(const at::Tensor& parameter, const at::Tensor& gradient, const at::Tensor& mean,
                 const at::Tensor& square, const AdamStep& step) {
  const double updates = static_cast<double>(step.updates);
  AT_DISPATCH_FLOATING_TYPES(parameter.scalar_type(), "adam_update", [&] {
    using T = scalar_t;
    const auto number = [](double value) { return static_cast<T>(value); };
    const Factors<T> of{number(step.decoupled ? 0 : step.weight_decay),
                        number(step.decoupled ? 1 - step.lr * step.weight_decay : 1),
                        number(1 - step.beta1),
                        number(step.beta2),
                        number(1 - step.beta2),
                        number(step.lr / (1 - std::pow(step.beta1, updates))),
                        number(1 / std::sqrt(1 - std::pow(step.beta2, updates))),
                        number(step.eps)};
    T *p = parameter.mutable_data_ptr<T>(), *m = mean.mutable_data_ptr<T>();
    T* v = square.mutable_data_ptr<T>();
    const T* g = gradient.const_data_ptr<T>();
    at::parallel_for(0, parameter.numel(), kGrain,
                     [&](int64_t begin, int64_t end) { update<T>(begin, end, of, p, g, m, v); });
  });
}

}  // namespace sparring
