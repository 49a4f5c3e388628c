#include "core/linalg/bfloat16_product.h"

#include "core/wide.h"

// Weak: not in every libtorch.
namespace at::native::cpublas {
__attribute__((weak)) void brgemm(int64_t rows, int64_t columns, int64_t inner, int64_t a_row,
                                  int64_t b_row, int64_t out_row, bool accumulate,
                                  const at::BFloat16* a, const at::BFloat16* b, float* out,
                                  bool is_packed);
__attribute__((weak)) void brgemm_release(bool is_packed);
__attribute__((weak)) bool could_pack(at::ScalarType type);
}  // namespace at::native::cpublas

namespace sparring {
namespace {

namespace blas = at::native::cpublas;

// Of those of that name, the one for bfloat16.
using Bfloat16Block = void(int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, bool,
                           const at::BFloat16*, const at::BFloat16*, float*, bool);

void multiply_simply(const ProductSize& size, const Matrix<float>& out,
                     const Matrix<const at::BFloat16>& a, const Matrix<const at::BFloat16>& b,
                     bool accumulate) {
  for (int64_t row = 0; row < size.rows; ++row) {
    for (int64_t column = 0; column < size.columns; ++column) {
      float& sum = out.first[row * out.row + column];
      if (!accumulate) sum = 0;
      for (int64_t i = 0; i < size.inner; ++i) {
        const float factor = b.first[i / 2 * b.row + 2 * column + i % 2];
        sum += static_cast<float>(a.first[row * a.row + i]) * factor;
      }
    }
  }
}

constexpr int kEight = 8;
typedef uint16_t Eight __attribute__((vector_size(16)));
typedef uint16_t EightInMemory __attribute__((vector_size(16), aligned(2), may_alias));

// Rows i and i + 4 value by value, thrice: a square of 8 x 8 the other way round.
void shuffle(const Eight (&from)[kEight], Eight (&to)[kEight]) {
  SPARRING_UNROLLED
  for (int i = 0; i < kEight / 2; ++i) {
    to[2 * i] = __builtin_shufflevector(from[i], from[i + 4], 0, 8, 1, 9, 2, 10, 3, 11);
    to[2 * i + 1] = __builtin_shufflevector(from[i], from[i + 4], 4, 12, 5, 13, 6, 14, 7, 15);
  }
}

void transpose_square(const uint16_t* from, int64_t from_row, uint16_t* to, int64_t to_row) {
  Eight rows[kEight], others[kEight];
  for (int i = 0; i < kEight; ++i) {
    rows[i] = *reinterpret_cast<const EightInMemory*>(from + i * from_row);
  }
  shuffle(rows, others);
  shuffle(others, rows);
  shuffle(rows, others);
  for (int i = 0; i < kEight; ++i) *reinterpret_cast<EightInMemory*>(to + i * to_row) = others[i];
}

}  // namespace

bool has_tiles() {
  static const bool has = blas::could_pack != nullptr &&
                          static_cast<Bfloat16Block*>(blas::brgemm) != nullptr &&
                          blas::brgemm_release != nullptr && blas::could_pack(at::kBFloat16);
  return has;
}

Tiles::~Tiles() {
  if (has_tiles()) blas::brgemm_release(/*is_packed=*/true);
}

void Tiles::multiply(const ProductSize& size, const Matrix<float>& out,
                     const Matrix<const at::BFloat16>& a, const Matrix<const at::BFloat16>& b,
                     bool accumulate) const {
  if (!has_tiles()) return multiply_simply(size, out, a, b, accumulate);
  blas::brgemm(size.rows, size.columns, size.inner, a.row, b.row / 2, out.row, accumulate, a.first,
               b.first, out.first, /*is_packed=*/true);
}

void transpose(const Matrix<const at::BFloat16>& from, int64_t rows, int64_t columns,
               const Matrix<at::BFloat16>& to) {
  const auto* const first = reinterpret_cast<const uint16_t*>(from.first);
  auto* const turned = reinterpret_cast<uint16_t*>(to.first);
  const int64_t whole = rows / kEight * kEight;
  for (int64_t column = 0; column < columns; column += kEight) {
    for (int64_t row = 0; row < whole; row += kEight) {
      transpose_square(first + row * from.row + column, from.row, turned + column * to.row + row,
                       to.row);
    }
  }
  for (int64_t row = whole; row < rows; ++row) {
    for (int64_t column = 0; column < columns; ++column) {
      turned[column * to.row + row] = first[row * from.row + column];
    }
  }
}

}  // namespace sparring
