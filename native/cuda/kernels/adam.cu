// Adam's update of many tensors, and of the averages that follow them, on a GPU: what adam_kernel.h
// asks for. Compiled as norm.cu is. Rates and counts are read on the device, so a launch that was
// recorded does the next update each time it is replayed.
#ifndef __CUDACC_RTC__  // whose text has it already
#include "cuda/kernels/adam_table.h"
#endif

// A thread a tensor, in one block: counts the update, and finds what it is made with.
template <class Number>
__device__ void begin_update(const AdamTable<Number>& table, const AdamOptions& of,
                             const float* rate, const double* average_weight,
                             AdamFactors<Number>* factors) {
  const int i = threadIdx.x;
  if (i >= table.count) return;
  const double updates = *table.tensors[i].updates + 1., lr = *rate;
  *table.tensors[i].updates = static_cast<float>(updates);
  factors[i] = {Number(of.is_decoupled ? 0 : of.weight_decay),
                Number(of.is_decoupled ? 1 - lr * of.weight_decay : 1),
                Number(1 - of.beta1),
                Number(of.beta2),
                Number(1 - of.beta2),
                Number(lr / (1 - pow(of.beta1, updates))),
                Number(1 / sqrt(1 - pow(of.beta2, updates))),
                Number(of.eps),
                Number(average_weight == nullptr ? 0 : *average_weight)};
}

// The tensor that a block works on.
template <class Number>
__device__ int own_tensor(const AdamTable<Number>& table) {
  int i = 0;
  while (i + 1 < table.count && table.tensors[i + 1].first_block <= static_cast<int>(blockIdx.x)) {
    ++i;
  }
  return i;
}

template <class Number>
__device__ void update_value(const AdamTensor<Number>& of, const AdamFactors<Number>& by,
                             long long i) {
  const Number parameter = of.parameter[i], g = of.gradient[i] + by.decay * parameter;
  const Number mean = of.mean[i] + by.take_mean * (g - of.mean[i]);
  const Number square = by.keep_square * of.square[i] + by.take_square * g * g;
  const Number denominator = sqrt(square) * by.correction + by.eps;
  const Number next = parameter * by.shrink - by.step_size * mean / denominator;
  of.mean[i] = mean;
  of.square[i] = square;
  of.parameter[i] = next;
  if (of.average != nullptr) of.average[i] += by.take_average * (next - of.average[i]);
}

template <class Number>
__device__ void update_values(const AdamTable<Number>& table, const AdamFactors<Number>* factors) {
  const int place = own_tensor(table);
  const AdamTensor<Number>& of = table.tensors[place];
  const AdamFactors<Number> by = factors[place];
  const long long begin = static_cast<long long>(blockIdx.x - of.first_block) * kValuesOfBlock;
  for (int k = 0; k < kValuesOfThread; ++k) {
    const long long i = begin + k * kAdamThreads + threadIdx.x;
    if (i < of.size) update_value(of, by, i);
  }
}

#define ADAM_KERNELS(Number)                                                                      \
  extern "C" __global__ void begin_update_##Number(AdamTable<Number> table, AdamOptions of,       \
                                                   const float* rate,                             \
                                                   const double* average_weight, void* factors) { \
    begin_update(table, of, rate, average_weight, static_cast<AdamFactors<Number>*>(factors));    \
  }                                                                                               \
  extern "C" __global__ void update_values_##Number(AdamTable<Number> table,                      \
                                                    const void* factors) {                        \
    update_values(table, static_cast<const AdamFactors<Number>*>(factors));                       \
  }

ADAM_KERNELS(float)
ADAM_KERNELS(double)
