// Batch normalisation and a leaky ReLU on a GPU: what norm_kernels.h asks for. Compiled where it
// runs, by NVRTC (compiler.cc), and for the processor by the core's tests, which run it thread by
// thread (core/test/emulation.h). So it includes nothing that is not beside it.
//
// Matrices are [rows, columns], contiguous. A block is kWide columns by kDeep rows; blockIdx.x goes
// over the columns, and the gridDim.y blocks of a column share out its rows.
#ifndef __CUDACC_RTC__  // whose text has it already
#include "cuda/kernels/norm_block.h"
#endif

struct BFloat16 {
  unsigned short bits;
};

__device__ inline float widen(BFloat16 value) {
  return __uint_as_float(static_cast<unsigned>(value.bits) << 16);
}
__device__ inline float widen(float value) { return value; }
__device__ inline double widen(double value) { return value; }

// To the nearest, ties to even; a NaN stays one.
__device__ inline void narrow(float value, BFloat16* to) {
  const unsigned bits = __float_as_uint(value);
  const bool is_nan = (bits & 0x7fffffffu) > 0x7f800000u;
  to->bits =
      static_cast<unsigned short>(is_nan ? 0x7fc0u : (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}
__device__ inline void narrow(float value, float* to) { *to = value; }
__device__ inline void narrow(double value, double* to) { *to = value; }

__device__ inline int own_column() { return blockIdx.x * kWide + threadIdx.x; }
__device__ inline long long first_row() {
  return static_cast<long long>(blockIdx.y) * kDeep + threadIdx.y;
}
__device__ inline long long row_step() { return static_cast<long long>(gridDim.y) * kDeep; }

// What is known of some values of a column: their number, mean, and squared distances from it.
template <class Number>
struct Moments {
  Number count, mean, squares;
  // Chan et al. 1983: two sets of values as one.
  __device__ void add(const Moments& more) {
    if (more.count == 0) return;
    const Number all = count + more.count, apart = more.mean - mean, share = more.count / all;
    squares += more.squares + apart * apart * count * share;
    mean += apart * share;
    count = all;
  }
};

// And of gradients: their sum, and that of their products with how far the value was from the mean.
template <class Number>
struct Sums {
  Number sum, dot;
  __device__ void add(const Sums& more) {
    sum += more.sum;
    dot += more.dot;
  }
};

// What the threads of a block have of its columns, together; of use to those with threadIdx.y 0.
template <class Part>
__device__ Part together(Part own) {
  __shared__ Part shared[kDeep][kWide];
  shared[threadIdx.y][threadIdx.x] = own;
  __syncthreads();
  if (threadIdx.y != 0) return own;
  for (int i = 1; i < kDeep; ++i) own.add(shared[i][threadIdx.x]);
  return own;
}

// What a block has of its columns goes to [gridDim.y, columns].
template <class Part>
__device__ void hand_over(const Part& own, int columns, Part* parts) {
  const int column = own_column();
  const Part all = together(own);
  if (threadIdx.y == 0 && column < columns) {
    parts[static_cast<long long>(blockIdx.y) * columns + column] = all;
  }
}

// What all blocks had of a column, in one order whatever they were done in.
template <class Part>
__device__ Part collected(const Part* parts, int count, int columns) {
  const int column = own_column();
  Part own{};
  for (int i = threadIdx.y; i < count && column < columns; i += kDeep) {
    own.add(parts[static_cast<long long>(i) * columns + column]);
  }
  return together(own);
}

// Within a thread by Welford 1962.
template <class Value, class Number>
__device__ void part_statistics(const Value* x, long long rows, int columns,
                                Moments<Number>* parts) {
  const int column = own_column();
  Moments<Number> own{};
  for (long long row = first_row(); row < rows && column < columns; row += row_step()) {
    const Number value = widen(x[row * columns + column]), apart = value - own.mean;
    own.count += 1;
    own.mean += apart / own.count;
    own.squares += apart * (value - own.mean);
  }
  hand_over(own, columns, parts);
}

template <class Number>
__device__ void merge_statistics(const Moments<Number>* parts, int count, int columns, Number* mean,
                                 Number* variance) {
  const int column = own_column();
  const Moments<Number> all = collected(parts, count, columns);
  if (threadIdx.y != 0 || column >= columns) return;
  mean[column] = all.mean;
  variance[column] = all.squares / all.count;
}

template <class Value, class Number>
__device__ void scale_and_bend(const Value* x, const Number* means, const Number* alongs,
                               const Number* offsets, Number slope, long long rows, int columns,
                               Value* output) {
  const int column = own_column();
  if (column >= columns) return;
  const Number mean = means[column], along = alongs[column], offset = offsets[column];
  for (long long row = first_row(); row < rows; row += row_step()) {
    const long long at = row * columns + column;
    const Number value = (widen(x[at]) - mean) * along + offset;
    narrow(value > 0 ? value : value * slope, output + at);
  }
}

// The gradient before the activation, told by the sign of what came out of it.
template <class Value, class Number>
__device__ inline Number unbent(const Value* gradient, const Value* output, Number slope,
                                long long at) {
  return widen(gradient[at]) * (widen(output[at]) > 0 ? Number(1) : slope);
}

template <class Value, class Number>
__device__ void part_sums(const Value* gradient, const Value* output, const Value* x,
                          const Number* means, Number slope, long long rows, int columns,
                          Sums<Number>* parts) {
  const int column = own_column();
  const Number mean = column < columns ? means[column] : 0;
  Sums<Number> own{};
  for (long long row = first_row(); row < rows && column < columns; row += row_step()) {
    const long long at = row * columns + column;
    const Number g = unbent(gradient, output, slope, at);
    own.sum += g;
    own.dot += g * (widen(x[at]) - mean);
  }
  hand_over(own, columns, parts);
}

template <class Number>
__device__ void merge_sums(const Sums<Number>* parts, int count, int columns, Number* sum,
                           Number* dot) {
  const int column = own_column();
  const Sums<Number> all = collected(parts, count, columns);
  if (threadIdx.y != 0 || column >= columns) return;
  sum[column] = all.sum;
  dot[column] = all.dot;
}

template <class Value, class Number>
__device__ void combine(const Value* gradient, const Value* output, const Value* x,
                        const Number* factors, const Number* means, const Number* alongs,
                        const Number* offsets, Number slope, long long rows, int columns,
                        Value* into) {
  const int column = own_column();
  if (column >= columns) return;
  const Number factor = factors[column];
  const Number mean = means[column], along = alongs[column], offset = offsets[column];
  for (long long row = first_row(); row < rows; row += row_step()) {
    const long long at = row * columns + column;
    const Number g = unbent(gradient, output, slope, at);
    narrow(g * factor + (widen(x[at]) - mean) * along + offset, into + at);
  }
}

// The kernels by their names: of the values of images, and of the numbers of their channels.
#define NORM_KERNELS(name, Value, Number)                                                         \
  extern "C" __global__ void part_statistics_##name(const Value* x, long long rows, int columns,  \
                                                    void* parts) {                                \
    part_statistics(x, rows, columns, static_cast<Moments<Number>*>(parts));                      \
  }                                                                                               \
  extern "C" __global__ void merge_statistics_##name(const void* parts, int count, int columns,   \
                                                     Number* mean, Number* variance) {            \
    merge_statistics(static_cast<const Moments<Number>*>(parts), count, columns, mean, variance); \
  }                                                                                               \
  extern "C" __global__ void scale_and_bend_##name(                                               \
      const Value* x, const Number* means, const Number* alongs, const Number* offsets,           \
      Number slope, long long rows, int columns, Value* output) {                                 \
    scale_and_bend(x, means, alongs, offsets, slope, rows, columns, output);                      \
  }                                                                                               \
  extern "C" __global__ void part_sums_##name(const Value* gradient, const Value* output,         \
                                              const Value* x, const Number* means, Number slope,  \
                                              long long rows, int columns, void* parts) {         \
    part_sums(gradient, output, x, means, slope, rows, columns,                                   \
              static_cast<Sums<Number>*>(parts));                                                 \
  }                                                                                               \
  extern "C" __global__ void merge_sums_##name(const void* parts, int count, int columns,         \
                                               Number* sum, Number* dot) {                        \
    merge_sums(static_cast<const Sums<Number>*>(parts), count, columns, sum, dot);                \
  }                                                                                               \
  extern "C" __global__ void combine_##name(                                                      \
      const Value* gradient, const Value* output, const Value* x, const Number* factors,          \
      const Number* means, const Number* alongs, const Number* offsets, Number slope,             \
      long long rows, int columns, Value* into) {                                                 \
    combine(gradient, output, x, factors, means, alongs, offsets, slope, rows, columns, into);    \
  }

NORM_KERNELS(float, float, float)
NORM_KERNELS(double, double, double)
NORM_KERNELS(bfloat16, BFloat16, float)
