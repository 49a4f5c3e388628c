// Many small matrix products of one size, on the CPU and by one thread.
#pragma once

#include <type_traits>

#include "core/torch.h"

namespace sparring {

// Several matrices of one size, in rows.
template <class T>
struct Matrices {
  T* first;
  int64_t next;  // from one to the next
  int64_t row;   // from a row to the next

  // Those of each that begin there.
  Matrices of_rows(int64_t first_row) const { return {first + first_row * row, next, row}; }
  Matrices of_columns(int64_t first_column) const { return {first + first_column, next, row}; }

  // To read from.
  operator Matrices<const T>() const
    requires(!std::is_const_v<T>)
  {
    return {first, next, row};
  }
};

// How many products there are, of a matrix of `rows` by `inner` and one of `inner` by `columns`.
struct BatchSize {
  int64_t count, rows, inner, columns;
};

// out = a b, or out += a b, of each pair; a is stored the other way round where `transposes_a`.
// Past libtorch's dispatcher, as there are thousands of small ones in a step: by oneDNN's block
// where the processor has AVX-512, else by its MKL. A libtorch without them has none.
template <class T>
void batch_product(const BatchSize& size, const Matrices<T>& out, const Matrices<const T>& a,
                   const Matrices<const T>& b, bool accumulate = false, bool transposes_a = false);

// Whether that is there, and as fast as this processor can multiply.
bool multiplies_batches_well();
// Whether it is by oneDNN's block, in float32.
bool multiplies_batches_by_blocks();

}  // namespace sparring
