#include "core/optim/adam_kernel.h"

#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>

#include "core/wide.h"

namespace sparring {
namespace {

// Values that are worth another thread: memory is what it waits for.
constexpr int64_t kGrain = 32768;
// Values whose parameters are still in the first cache when their average is moved.
constexpr int64_t kInCache = 2048;

template <class T>
struct Factors {
  T decay, shrink, take_mean, keep_square, take_square, step_size, correction, eps, take_average;
};

// What an update reads and writes.
template <class T>
struct Values {
  T *parameter, *mean, *square, *average;
  const T* gradient;
};

template <class T>
SPARRING_WIDE void update(int64_t begin, int64_t end, const Factors<T>& of, const Values<T>& at) {
  T *parameter = at.parameter, *mean = at.mean, *square = at.square;
  const T* gradient = at.gradient;
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

template <class T>
SPARRING_WIDE void follow(int64_t begin, int64_t end, T weight, const T* parameter, T* average) {
  for (int64_t i = begin; i < end; ++i) average[i] += weight * (parameter[i] - average[i]);
}

template <class T>
void update_part(int64_t begin, int64_t end, const Factors<T>& of, const Values<T>& values) {
  update<T>(begin, end, of, values);
  if (values.average == nullptr) return;
  follow<T>(begin, end, of.take_average, values.parameter, values.average);
}

}  // namespace

void adam_update(const at::Tensor& parameter, const at::Tensor& gradient, const at::Tensor& mean,
                 const at::Tensor& square, const at::Tensor& average, const AdamStep& step) {
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
                        number(step.eps),
                        number(step.average_weight)};
    const Values<T> values{
        parameter.mutable_data_ptr<T>(), mean.mutable_data_ptr<T>(), square.mutable_data_ptr<T>(),
        average.defined() ? average.mutable_data_ptr<T>() : nullptr, gradient.const_data_ptr<T>()};
    at::parallel_for(0, parameter.numel(), kGrain, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i += kInCache) {
        update_part<T>(i, std::min(end, i + kInCache), of, values);
      }
    });
  });
}

}  // namespace sparring
