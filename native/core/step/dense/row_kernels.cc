#include "core/step/dense/row_kernels.h"

#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>

#include <algorithm>

#include "core/wide.h"

namespace sparring::dense {
namespace {

// Values that are worth another thread.
constexpr int64_t kGrain = 16384;
// Sums that are kept at a time, so that they can be added up in vectors.
constexpr int64_t kLanes = 16;

template <class T>
SPARRING_WIDE T square_of(const T* values, int64_t count) {
  T sums[kLanes] = {};
  const int64_t whole = count - count % kLanes;
  for (int64_t i = 0; i < whole; i += kLanes) {
    for (int64_t lane = 0; lane < kLanes; ++lane) {
      sums[lane] += values[i + lane] * values[i + lane];
    }
  }
  T sum = 0;
  for (const T one : sums) sum += one;
  for (int64_t i = whole; i < count; ++i) sum += values[i] * values[i];
  return sum;
}

template <class T>
SPARRING_WIDE void scale(T* values, int64_t count, T factor) {
  for (int64_t i = 0; i < count; ++i) values[i] *= factor;
}

template <class Function>
void for_rows(const at::Tensor& matrix, const Function& function) {
  const int64_t grain = std::max<int64_t>(1, kGrain / std::max<int64_t>(1, matrix.size(1)));
  at::parallel_for(0, matrix.size(0), grain, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) function(row);
  });
}

}  // namespace

void square_rows(const at::Tensor& matrix, const at::Tensor& squares) {
  const int64_t columns = matrix.size(1);
  AT_DISPATCH_FLOATING_TYPES(matrix.scalar_type(), "square_rows", [&] {
    const scalar_t* const from = matrix.const_data_ptr<scalar_t>();
    scalar_t* const to = squares.mutable_data_ptr<scalar_t>();
    for_rows(matrix,
             [&](int64_t row) { to[row] = square_of<scalar_t>(from + row * columns, columns); });
  });
}

void scale_rows(const at::Tensor& matrix, const at::Tensor& factors) {
  const int64_t columns = matrix.size(1);
  AT_DISPATCH_FLOATING_TYPES(matrix.scalar_type(), "scale_rows", [&] {
    scalar_t* const values = matrix.mutable_data_ptr<scalar_t>();
    const scalar_t* const by = factors.const_data_ptr<scalar_t>();
    for_rows(matrix,
             [&](int64_t row) { scale<scalar_t>(values + row * columns, columns, by[row]); });
  });
}

}  // namespace sparring::dense
