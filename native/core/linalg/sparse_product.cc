#include "core/linalg/sparse_product.h"

#include <algorithm>

#include "core/wide.h"

namespace sparring {
namespace {

// Vectors of a row that are summed at a time, in registers.
constexpr int64_t kVectors = 4;

template <class T>
struct Dense {
  const T* from;
  T* to;
  int64_t width;
  bool accumulate;
};

template <class T, int kCount>
SPARRING_INLINE inline void sum_vectors(const SparseMatrix<T>& a, const Dense<T>& dense,
                                        int64_t first) {
  using Vector = typename Wide<T>::Vector;
  using InMemory = typename Wide<T>::InMemory;
  for (size_t row = 0; row + 1 < a.bounds.size(); ++row) {
    auto* const to = reinterpret_cast<InMemory*>(dense.to + row * dense.width + first);
    Vector sums[kCount];
    SPARRING_UNROLLED
    for (int i = 0; i < kCount; ++i) sums[i] = dense.accumulate ? Vector(to[i]) : Vector{};
    for (int32_t at = a.bounds[row]; at < a.bounds[row + 1]; ++at) {
      const auto& term = a.terms[at];
      const auto* const from =
          reinterpret_cast<const InMemory*>(dense.from + term.column * dense.width + first);
      SPARRING_UNROLLED
      for (int i = 0; i < kCount; ++i) sums[i] += term.value * from[i];
    }
    SPARRING_UNROLLED
    for (int i = 0; i < kCount; ++i) to[i] = sums[i];
  }
}

// A column that fills no vector.
template <class T>
SPARRING_INLINE inline void sum_values(const SparseMatrix<T>& a, const Dense<T>& dense,
                                       int64_t column) {
  for (size_t row = 0; row + 1 < a.bounds.size(); ++row) {
    T& to = dense.to[row * dense.width + column];
    T sum = dense.accumulate ? to : 0;
    for (int32_t at = a.bounds[row]; at < a.bounds[row + 1]; ++at) {
      sum += a.terms[at].value * dense.from[a.terms[at].column * dense.width + column];
    }
    to = sum;
  }
}

template <class T>
SPARRING_WIDE void sum_rows(const SparseMatrix<T>& a, const Dense<T>& dense) {
  constexpr int64_t kValues = Wide<T>::kValues;
  int64_t first = 0;
  for (; first + kVectors * kValues <= dense.width; first += kVectors * kValues) {
    sum_vectors<T, kVectors>(a, dense, first);
  }
  for (; first + kValues <= dense.width; first += kValues) sum_vectors<T, 1>(a, dense, first);
  for (; first < dense.width; ++first) sum_values(a, dense, first);
}

}  // namespace

template <class T>
void sparse_product(const SparseMatrix<T>& a, const T* from, int64_t width, T* to,
                    bool accumulate) {
  sum_rows<T>(a, {from, to, width, accumulate});
}

template void sparse_product(const SparseMatrix<float>&, const float*, int64_t, float*, bool);
template void sparse_product(const SparseMatrix<double>&, const double*, int64_t, double*, bool);

}  // namespace sparring
