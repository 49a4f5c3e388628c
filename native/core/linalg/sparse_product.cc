#include "core/linalg/sparse_product.h"

#include <algorithm>

#include "core/wide.h"

namespace sparring {
namespace {

// Bytes of a row that are summed at a time, in registers.
constexpr int kStrip = 256;
// Sums at a time: of the 16 registers of a machine without AVX-512 some are for other things.
constexpr int kMost = 8;

template <class T>
struct Dense {
  const T* from;
  T* to;
  int64_t width;
  bool accumulate;
};

// What registers of so many bytes hold. Of vectors that are wider than its registers GCC makes
// several by way of the stack, which is why these are not as wide everywhere.
template <class T, int kBytes>
struct Wide {
  static constexpr int kValues = kBytes / sizeof(T);
  typedef T Vector __attribute__((vector_size(kBytes)));
  // The same anywhere in memory.
  typedef T InMemory __attribute__((vector_size(kBytes), aligned(alignof(T)), may_alias));
};

template <class T, int kBytes, int kCount>
SPARRING_INLINE inline void sum_vectors(const SparseMatrix<T>& a, const Dense<T>& dense,
                                        int64_t first) {
  using Vector = typename Wide<T, kBytes>::Vector;
  using InMemory = typename Wide<T, kBytes>::InMemory;
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

template <class T, int kBytes>
SPARRING_INLINE inline void sum_rows(const SparseMatrix<T>& a, const Dense<T>& dense) {
  constexpr int kValues = Wide<T, kBytes>::kValues, kVectors = std::min(kStrip / kBytes, kMost);
  int64_t first = 0;
  for (; first + kVectors * kValues <= dense.width; first += kVectors * kValues) {
    sum_vectors<T, kBytes, kVectors>(a, dense, first);
  }
  for (; first + kValues <= dense.width; first += kValues) {
    sum_vectors<T, kBytes, 1>(a, dense, first);
  }
  for (; first < dense.width; ++first) sum_values(a, dense, first);
}

template <class T>
using SumRows = void (*)(const SparseMatrix<T>& a, const Dense<T>& dense);

template <class T>
void sum_rows_by_16(const SparseMatrix<T>& a, const Dense<T>& dense) {
  sum_rows<T, 16>(a, dense);
}

#if defined(__x86_64__)
template <class T>
__attribute__((target("avx2,fma"))) void sum_rows_by_32(const SparseMatrix<T>& a,
                                                        const Dense<T>& dense) {
  sum_rows<T, 32>(a, dense);
}

template <class T>
__attribute__((target("avx512f"))) void sum_rows_by_64(const SparseMatrix<T>& a,
                                                       const Dense<T>& dense) {
  sum_rows<T, 64>(a, dense);
}
#endif

// By the widest registers of the machine.
template <class T>
SumRows<T> choose() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f")) return sum_rows_by_64<T>;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return sum_rows_by_32<T>;
#endif
  return sum_rows_by_16<T>;
}

}  // namespace

template <class T>
void sparse_product(const SparseMatrix<T>& a, const T* from, int64_t width, T* to,
                    bool accumulate) {
  static const SumRows<T> chosen = choose<T>();
  chosen(a, {from, to, width, accumulate});
}

template void sparse_product(const SparseMatrix<float>&, const float*, int64_t, float*, bool);
template void sparse_product(const SparseMatrix<double>&, const double*, int64_t, double*, bool);

}  // namespace sparring
