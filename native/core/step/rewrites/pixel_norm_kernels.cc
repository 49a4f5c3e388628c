#include "core/step/rewrites/pixel_norm_kernels.h"

#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>

#include "core/wide.h"

namespace sparring {
namespace {

// Values that are worth another thread.
constexpr int64_t kGrain = 32768;
// Sums side by side, as an order that is not the loop's has to be said.
constexpr int64_t kLanes = 16;

int64_t grain_of(const at::Tensor& x) { return std::max<int64_t>(1, kGrain / x.size(1)); }

template <class T>
SPARRING_WIDE void scale_rows(const T* x, int64_t begin, int64_t end, int64_t columns, T eps,
                              T* y) {
  for (int64_t row = begin; row < end; ++row) {
    const T* from = x + row * columns;
    T* to = y + row * columns;
    T lanes[kLanes] = {};
    int64_t i = 0;
    for (; i + kLanes <= columns; i += kLanes) {
      for (int64_t k = 0; k < kLanes; ++k) lanes[k] += from[i + k] * from[i + k];
    }
    T sum = 0;
    for (; i < columns; ++i) sum += from[i] * from[i];
    for (int64_t k = 0; k < kLanes; ++k) sum += lanes[k];
    const T scale = 1 / std::sqrt(sum / static_cast<T>(columns) + eps);
    SPARRING_APART
    for (i = 0; i < columns; ++i) to[i] = from[i] * scale;
  }
}

template <class T>
SPARRING_WIDE void combine_rows(const T* gradient, const T* x, int64_t begin, int64_t end,
                                int64_t columns, T eps, T* into) {
  for (int64_t row = begin; row < end; ++row) {
    const T *g = gradient + row * columns, *from = x + row * columns;
    T* to = into + row * columns;
    T squares[kLanes] = {}, dots[kLanes] = {};
    int64_t i = 0;
    for (; i + kLanes <= columns; i += kLanes) {
      for (int64_t k = 0; k < kLanes; ++k) {
        squares[k] += from[i + k] * from[i + k];
        dots[k] += g[i + k] * from[i + k];
      }
    }
    T square = 0, dot = 0;
    for (; i < columns; ++i) {
      square += from[i] * from[i];
      dot += g[i] * from[i];
    }
    for (int64_t k = 0; k < kLanes; ++k) {
      square += squares[k];
      dot += dots[k];
    }
    const T count = static_cast<T>(columns), scale = 1 / std::sqrt(square / count + eps);
    const T along = dot / count * scale * scale * scale;
    SPARRING_APART
    for (i = 0; i < columns; ++i) to[i] = g[i] * scale - from[i] * along;
  }
}

}  // namespace

at::Tensor normalize_rows(const at::Tensor& x, double eps) {
  at::Tensor y = at::empty_like(x);
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "normalize_rows", [&] {
    at::parallel_for(0, x.size(0), grain_of(x), [&](int64_t begin, int64_t end) {
      scale_rows<scalar_t>(x.const_data_ptr<scalar_t>(), begin, end, x.size(1),
                           static_cast<scalar_t>(eps), y.mutable_data_ptr<scalar_t>());
    });
  });
  return y;
}

at::Tensor normalize_rows_backward(const at::Tensor& gradient, const at::Tensor& x, double eps) {
  at::Tensor into = at::empty_like(x);
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "normalize_rows_backward", [&] {
    at::parallel_for(0, x.size(0), grain_of(x), [&](int64_t begin, int64_t end) {
      combine_rows<scalar_t>(gradient.const_data_ptr<scalar_t>(), x.const_data_ptr<scalar_t>(),
                             begin, end, x.size(1), static_cast<scalar_t>(eps),
                             into.mutable_data_ptr<scalar_t>());
    });
  });
  return into;
}

}  // namespace sparring
