// One product of float32 by oneDNN's building block (brgemm), which libtorch_cpu has inside and
// shows: without threads, dispatcher or packing, compiled at the first call for its sizes.
#pragma once

#include <cstdint>

namespace sparring {

// A matrix in rows.
template <class T>
struct Matrix {
  T* first;
  int64_t row;  // from a row to the next
};

// The size of a product of a matrix of `rows` by `inner` and one of `inner` by `columns`.
struct ProductSize {
  int64_t rows, inner, columns;
};

// A libtorch without it is fine.
bool has_block_product();

// out = a b, or out += a b.
void block_product(const ProductSize& size, const Matrix<float>& out, const Matrix<const float>& a,
                   const Matrix<const float>& b, bool accumulate);

}  // namespace sparring
