// Products with a matrix of which most values are 0, on the CPU, in float32 and float64.
#pragma once

#include <cstdint>
#include <vector>

namespace sparring {

// A matrix in rows, by its values that are not 0.
template <class T>
struct SparseMatrix {
  struct Term {
    int32_t column;
    T value;
  };
  std::vector<Term> terms;  // row by row
  std::vector<int32_t>
      bounds;  // of the rows: those of the i-th lie from bounds[i] to bounds[i + 1]
};

// to = a · from, or to += a · from: [columns, width] -> [rows, width], both in rows. By one thread,
// and fast where a strip of `from`, 256 bytes of each row, stays in the cache: a hundred columns.
template <class T>
void sparse_product(const SparseMatrix<T>& a, const T* from, int64_t width, T* to, bool accumulate);

}  // namespace sparring
