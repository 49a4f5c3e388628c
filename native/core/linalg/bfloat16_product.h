// Products of matrices of bfloat16, with sums in float32, by the tiles of a processor with AMX:
// through oneDNN's building block (brgemm), which libtorch_cpu has inside and shows.
#pragma once

#include "core/linalg/block_product.h"
#include "core/torch.h"

namespace sparring {

// Whether the processor has tiles, and libtorch a block for them.
bool has_tiles();

// A thread's, for as long as it multiplies: oneDNN's other kernels set tiles up for themselves.
class Tiles {
 public:
  Tiles() = default;
  ~Tiles();
  Tiles(const Tiles&) = delete;
  Tiles& operator=(const Tiles&) = delete;

  // out = a b, or out += a b, with an even number of inner values. b in pairs of rows, value by
  // value: [inner / 2, columns, 2]; its `row` is from a pair to the next. Without tiles by plain
  // loops, which are for tests alone.
  void multiply(const ProductSize& size, const Matrix<float>& out,
                const Matrix<const at::BFloat16>& a, const Matrix<const at::BFloat16>& b,
                bool accumulate) const;
};

// [rows, columns] -> [columns, rows], both in rows, of numbers of columns that eights divide.
void transpose(const Matrix<const at::BFloat16>& from, int64_t rows, int64_t columns,
               const Matrix<at::BFloat16>& to);

}  // namespace sparring
