#include "core/optim/adam_kernel.h"

#include <ATen/Dispatch.h>

#include <cmath>

#include "core/optim/one_pass.h"
#include "core/runtime/accelerator.h"
#include "core/wide.h"

namespace sparring {
namespace {

template <class T>
struct Factors {
  T decay, shrink, take_mean, keep_square, take_square, step_size, correction, eps;
};

// What an update reads and writes.
template <class T>
struct Values {
  T *parameter, *mean, *square, *largest_square;
  const T* gradient;
};

template <class T, bool amsgrad>
SPARRING_WIDE void update(int64_t begin, int64_t end, const Factors<T>& of, const Values<T>& at) {
  T *parameter = at.parameter, *mean = at.mean, *square = at.square;
  [[maybe_unused]] T* const largest = at.largest_square;
  const T* gradient = at.gradient;
  SPARRING_APART
  for (int64_t i = begin; i < end; ++i) {
    const T g = gradient[i] + of.decay * parameter[i];
    const T m = mean[i] + of.take_mean * (g - mean[i]);
    const T v = of.keep_square * square[i] + of.take_square * g * g;
    mean[i] = m;
    square[i] = v;
    T under = v;
    if constexpr (amsgrad) largest[i] = under = largest[i] >= v ? largest[i] : v;
    const T denominator = std::sqrt(under) * of.correction + of.eps;
    parameter[i] = parameter[i] * of.shrink - of.step_size * m / denominator;
  }
}

template <class T>
T* pointer(const at::Tensor& tensor) {
  return tensor.defined() ? tensor.mutable_data_ptr<T>() : nullptr;
}

}  // namespace

void adam_update(const AdamTensors& tensors, const AdamConstants& constants,
                 const AdamNumbers& numbers) {
  const double updates = static_cast<double>(numbers.updates);
  AT_DISPATCH_FLOATING_TYPES(tensors.parameter.scalar_type(), "adam_update", [&] {
    using T = scalar_t;
    const auto number = [](double value) { return static_cast<T>(value); };
    const bool decoupled = constants.decoupled;
    const Factors<T> of{number(decoupled ? 0 : constants.weight_decay),
                        number(decoupled ? 1 - numbers.lr * constants.weight_decay : 1),
                        number(1 - constants.beta1),
                        number(constants.beta2),
                        number(1 - constants.beta2),
                        number(numbers.lr / (1 - std::pow(constants.beta1, updates))),
                        number(1 / std::sqrt(1 - std::pow(constants.beta2, updates))),
                        number(constants.eps)};
    const Values<T> values{pointer<T>(tensors.parameter), pointer<T>(tensors.mean),
                           pointer<T>(tensors.square), pointer<T>(tensors.largest_square),
                           tensors.gradient.const_data_ptr<T>()};
    const Follower follower{tensors.average, numbers.average_weight};
    update_in_one_pass(tensors.parameter, follower, [&](int64_t begin, int64_t end) {
      if (values.largest_square != nullptr) return update<T, true>(begin, end, of, values);
      update<T, false>(begin, end, of, values);
    });
  });
}

const AdamKernel* adam_kernel(const at::Device& device) {
  if (device.is_cpu() || accelerator() == nullptr) return nullptr;
  return accelerator()->adam_kernel(device);
}

}  // namespace sparring
