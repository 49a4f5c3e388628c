#include "core/optim/one_pass.h"

#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>

#include "core/wide.h"

namespace sparring {
namespace {

// Values that are worth another thread: memory is what it waits for.
constexpr int64_t kGrain = 32768;

template <class T>
SPARRING_WIDE void follow(int64_t count, T weight, const T* parameter, T* average) {
  SPARRING_APART
  for (int64_t i = 0; i < count; ++i) average[i] += weight * (parameter[i] - average[i]);
}

template <class T>
T* values_of(const at::Tensor& tensor) {
  return tensor.defined() ? tensor.mutable_data_ptr<T>() : nullptr;
}

template <class T>
struct Descent {
  T lr, decay, keep, take, along_gradient, along_buffer;
};

template <class T>
SPARRING_WIDE void descend(int64_t count, const Descent<T>& by, const T* gradient, T* parameter) {
  SPARRING_APART
  for (int64_t i = 0; i < count; ++i) {
    parameter[i] -= by.lr * (gradient[i] + by.decay * parameter[i]);
  }
}

template <class T>
SPARRING_WIDE void descend_with_momentum(int64_t count, const Descent<T>& by, const T* gradient,
                                         T* buffer, T* parameter) {
  SPARRING_APART
  for (int64_t i = 0; i < count; ++i) {
    const T g = gradient[i] + by.decay * parameter[i];
    const T b = by.keep * buffer[i] + by.take * g;
    buffer[i] = b;
    parameter[i] -= by.lr * (by.along_gradient * g + by.along_buffer * b);
  }
}

template <class T>
struct RootMean {
  T lr, keep, take, eps, decay, momentum;
};

// `scale` is what each value's gradient is divided by.
template <class T>
SPARRING_WIDE void take_squares(int64_t count, const RootMean<T>& by, const T* gradient,
                                const T* parameter, T* square, T* scale) {
  SPARRING_APART
  for (int64_t i = 0; i < count; ++i) {
    const T g = gradient[i] + by.decay * parameter[i];
    square[i] = by.keep * square[i] + by.take * g * g;
    scale[i] = std::sqrt(square[i]) + by.eps;
  }
}

template <class T>
SPARRING_WIDE void take_variances(int64_t count, const RootMean<T>& by, const T* gradient,
                                  const T* parameter, T* square, T* mean, T* scale) {
  SPARRING_APART
  for (int64_t i = 0; i < count; ++i) {
    const T g = gradient[i] + by.decay * parameter[i];
    square[i] = by.keep * square[i] + by.take * g * g;
    mean[i] += by.take * (g - mean[i]);
    scale[i] = std::sqrt(square[i] - mean[i] * mean[i]) + by.eps;
  }
}

template <class T>
SPARRING_WIDE void descend_scaled(int64_t count, const RootMean<T>& by, const T* gradient,
                                  const T* scale, T* parameter) {
  SPARRING_APART
  for (int64_t i = 0; i < count; ++i) {
    parameter[i] -= by.lr * (gradient[i] + by.decay * parameter[i]) / scale[i];
  }
}

template <class T>
SPARRING_WIDE void descend_scaled_with_momentum(int64_t count, const RootMean<T>& by,
                                                const T* gradient, const T* scale, T* buffer,
                                                T* parameter) {
  SPARRING_APART
  for (int64_t i = 0; i < count; ++i) {
    const T g = gradient[i] + by.decay * parameter[i];
    buffer[i] = by.momentum * buffer[i] + g / scale[i];
    parameter[i] -= by.lr * buffer[i];
  }
}

}  // namespace

void update_in_one_pass(const at::Tensor& parameter, const Follower& follower,
                        c10::function_ref<void(int64_t, int64_t)> update) {
  AT_DISPATCH_FLOATING_TYPES(parameter.scalar_type(), "update_in_one_pass", [&] {
    using T = scalar_t;
    const T* const values = parameter.const_data_ptr<T>();
    T* const average = values_of<T>(follower.average);
    const T weight = static_cast<T>(follower.weight);
    at::parallel_for(0, parameter.numel(), kGrain, [&](int64_t from, int64_t to) {
      for (int64_t begin = from; begin < to; begin += kInCache) {
        const int64_t end = std::min(to, begin + kInCache);
        update(begin, end);
        if (average != nullptr) follow<T>(end - begin, weight, values + begin, average + begin);
      }
    });
  });
}

void sgd_update(const at::Tensor& parameter, const at::Tensor& gradient, const at::Tensor& buffer,
                const SgdNumbers& numbers, const Follower& follower) {
  AT_DISPATCH_FLOATING_TYPES(parameter.scalar_type(), "sgd_update", [&] {
    using T = scalar_t;
    const auto number = [](double value) { return static_cast<T>(value); };
    const Descent<T> by{
        number(numbers.lr),   number(numbers.weight_decay),   number(numbers.keep),
        number(numbers.take), number(numbers.along_gradient), number(numbers.along_buffer)};
    const T* const slopes = gradient.const_data_ptr<T>();
    T *const values = values_of<T>(parameter), *const momentum = values_of<T>(buffer);
    update_in_one_pass(parameter, follower, [&](int64_t begin, int64_t end) {
      const int64_t count = end - begin;
      if (momentum == nullptr) return descend<T>(count, by, slopes + begin, values + begin);
      descend_with_momentum<T>(count, by, slopes + begin, momentum + begin, values + begin);
    });
  });
}

void rmsprop_update(const RmsPropTensors& tensors, const RmsPropNumbers& numbers,
                    const Follower& follower) {
  AT_DISPATCH_FLOATING_TYPES(tensors.parameter.scalar_type(), "rmsprop_update", [&] {
    using T = scalar_t;
    const auto number = [](double value) { return static_cast<T>(value); };
    const RootMean<T> by{number(numbers.lr),           number(numbers.alpha),
                         number(1 - numbers.alpha),    number(numbers.eps),
                         number(numbers.weight_decay), number(numbers.momentum)};
    const T* const gradient = tensors.gradient.const_data_ptr<T>();
    T *const parameter = values_of<T>(tensors.parameter),
             *const square = values_of<T>(tensors.square), *const mean = values_of<T>(tensors.mean),
             *const buffer = values_of<T>(tensors.buffer);
    update_in_one_pass(tensors.parameter, follower, [&](int64_t begin, int64_t end) {
      const int64_t count = end - begin;
      const T* const slopes = gradient + begin;
      T* const values = parameter + begin;
      T scale[kInCache];
      if (mean == nullptr) {
        take_squares<T>(count, by, slopes, values, square + begin, scale);
      } else {
        take_variances<T>(count, by, slopes, values, square + begin, mean + begin, scale);
      }
      if (buffer == nullptr) return descend_scaled<T>(count, by, slopes, scale, values);
      descend_scaled_with_momentum<T>(count, by, slopes, scale, buffer + begin, values);
    });
  });
}

}  // namespace sparring
