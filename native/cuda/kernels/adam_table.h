// What the kernels of adam.cu are launched with: shared by both sides, and so without includes. The
// kernels' text has it first.
#ifndef SPARRING_ADAM_TABLE_H
#define SPARRING_ADAM_TABLE_H

// A kernel's arguments are 4 KiB at most.
constexpr int kMostTensors = 48;
// Threads of a block, and values that each of them updates.
constexpr int kAdamThreads = 128, kValuesOfThread = 8;
constexpr int kValuesOfBlock = kAdamThreads * kValuesOfThread;

template <class Number>
struct AdamTensor {
  Number* parameter;
  const Number* gradient;
  Number *mean, *square, *average;  // the last may be null
  float* updates;
  long long size;
  int first_block;
};

template <class Number>
struct AdamTable {
  AdamTensor<Number> tensors[kMostTensors];
  int count;
};

struct AdamOptions {
  double beta1, beta2, eps, weight_decay;
  int is_decoupled;
};

// The numbers of one tensor and update, as adam_kernel.cc has them.
template <class Number>
struct AdamFactors {
  Number decay, shrink, take_mean, keep_square, take_square, step_size, correction, eps,
      take_average;
};

#endif
