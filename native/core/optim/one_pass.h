// Updates of one parameter in one pass over its memory, and of the average that follows it while
// what it became is in the cache. On the CPU; tensors are dense, of one shape, strides and type,
// float32 or float64.
#pragma once

#include <c10/util/FunctionRef.h>

#include "core/torch.h"

namespace sparring {

// An average of a parameter, or undefined, and how far it goes towards what the parameter becomes,
// 0 to 1.
struct Follower {
  const at::Tensor& average;
  double weight;
};

// Calls update(begin, end) for ranges of at most kInCache of the parameter's values, on all
// threads.
constexpr int64_t kInCache = 2048;
void update_in_one_pass(const at::Tensor& parameter, const Follower& follower,
                        c10::function_ref<void(int64_t, int64_t)> update);

// With g = gradient + weight_decay · parameter and, unless it is undefined,
// buffer = keep · buffer + take · g: parameter -= lr · (along_gradient · g + along_buffer ·
// buffer).
struct SgdNumbers {
  double lr, weight_decay, keep, take, along_gradient, along_buffer;
};
void sgd_update(const at::Tensor& parameter, const at::Tensor& gradient, const at::Tensor& buffer,
                const SgdNumbers& numbers, const Follower& follower);

// As torch.optim.RMSprop: `mean` is defined where it is centred, `buffer` where it has momentum.
struct RmsPropTensors {
  const at::Tensor &parameter, &gradient, &square, &mean, &buffer;
};
struct RmsPropNumbers {
  double lr, alpha, eps, weight_decay, momentum;
};
void rmsprop_update(const RmsPropTensors& tensors, const RmsPropNumbers& numbers,
                    const Follower& follower);

}  // namespace sparring
