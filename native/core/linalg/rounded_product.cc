#include "core/linalg/rounded_product.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <vector>

#include "core/linalg/bfloat16_loops.h"
#include "core/linalg/bfloat16_product.h"
#include "core/linalg/product.h"
#include "core/linalg/transpose.h"

namespace sparring {
namespace {

using at::BFloat16;

// Rows of a tile, and so the fewest rows, columns and inner values that it is for.
constexpr int64_t kRowsOfTile = 16;
// Rows of the left matrix at a time: rounded, they stay in the cache.
constexpr int64_t kRowsAtATime = 128;
// Columns of the right one at a time.
constexpr int64_t kColumnsAtATime = 256;
// Pairs of rows that are worth another thread to round them.
constexpr int64_t kPairsOfAThread = 8;

int64_t even(int64_t count) { return (count + 1) / 2 * 2; }

// [inner / 2, columns, 2] of a matrix of that many inner rows; an odd number is one of zeros short.
at::Tensor paired(const at::Tensor& matrix) {
  const at::Tensor whole = in_rows(matrix);
  const int64_t inner = matrix.size(0), columns = matrix.size(1);
  const at::Tensor pairs = at::empty({even(inner) / 2, columns, 2}, at::kBFloat16);
  const float* const from = whole.const_data_ptr<float>();
  auto* const to = pairs.mutable_data_ptr<BFloat16>();
  const std::vector<float> zeros(inner % 2 == 0 ? 0 : columns);
  at::parallel_for(0, even(inner) / 2, kPairsOfAThread, [&](int64_t first, int64_t end) {
    for (int64_t i = first; i < end; ++i) {
      const float* const row = from + 2 * i * whole.stride(0);
      const float* const next = 2 * i + 1 < inner ? row + whole.stride(0) : zeros.data();
      bfloat16::round_pair(row, next, columns, to + 2 * i * columns);
    }
  });
  return pairs;
}

// Some rows of the left matrix at a time, rounded, and with a zero at the end of an odd number of
// values.
class Rounded {
 public:
  explicit Rounded(const at::Tensor& matrix)
      : matrix_(matrix),
        inner_(matrix.size(1)),
        values_(at::empty({kRowsAtATime, even(inner_)}, at::kBFloat16)) {
    if (!is_in_rows(matrix)) turned_ = at::empty({kRowsAtATime, inner_}, at::kFloat);
  }
  Matrix<const BFloat16> rows(int64_t first, int64_t count) {
    const int64_t row = even(inner_);
    auto* const to = values_.mutable_data_ptr<BFloat16>();
    const Matrix<const float> from = floats(first, count);
    for (int64_t i = 0; i < count; ++i) {
      bfloat16::round(from.first + i * from.row, nullptr, inner_, to + i * row);
      if (row > inner_) to[i * row + inner_] = 0;
    }
    return {to, row};
  }

 private:
  Matrix<const float> floats(int64_t first, int64_t count) {
    const float* const all = matrix_.const_data_ptr<float>();
    if (!turned_.defined()) return {all + first * matrix_.stride(0), matrix_.stride(0)};
    float* const turned = turned_.mutable_data_ptr<float>();
    transpose(all + first, matrix_.stride(1), inner_, count, turned, inner_);
    return {turned, inner_};
  }

  const at::Tensor& matrix_;
  int64_t inner_;
  at::Tensor values_, turned_;
};

// out = left right, or out += left right; the left one in rows or in columns.
void multiply(const at::Tensor& out, const at::Tensor& left, const at::Tensor& right,
              bool accumulate) {
  const int64_t rows = out.size(0), columns = out.size(1), inner = even(left.size(1));
  const at::Tensor pairs = paired(right);
  const auto* const by = pairs.const_data_ptr<BFloat16>();
  float* const to = out.mutable_data_ptr<float>();
  const int64_t share = (rows + at::get_num_threads() - 1) / at::get_num_threads();
  const int64_t most =
      std::min(kRowsAtATime, (share + kRowsOfTile - 1) / kRowsOfTile * kRowsOfTile);
  at::parallel_for(0, (rows + most - 1) / most, 1, [&](int64_t first, int64_t end) {
    Rounded rounded(left);
    const Tiles tiles;
    for (int64_t i = first; i < end; ++i) {
      const int64_t row = i * most, count = std::min(most, rows - row);
      const Matrix<const BFloat16> some = rounded.rows(row, count);
      for (int64_t column = 0; column < columns; column += kColumnsAtATime) {
        tiles.multiply({count, inner, std::min(kColumnsAtATime, columns - column)},
                       {to + row * out.stride(0) + column, out.stride(0)}, some,
                       {by + 2 * column, 2 * columns}, accumulate);
      }
    }
  });
}

bool can_be_in_rows(const at::Tensor& matrix) {
  return is_in_rows(matrix) || is_in_rows(matrix.t());
}

}  // namespace

void rounded_product(const at::Tensor& out, const at::Tensor& a, const at::Tensor& b,
                     bool accumulate) {
  const int64_t least = std::min({out.size(0), out.size(1), a.size(1)});
  if (out.scalar_type() != at::kFloat || least < kRowsOfTile || !can_be_in_rows(a) ||
      !can_be_in_rows(b)) {
    return product(out, a, b, accumulate);
  }
  // All of the right matrix is paired before, and rows of the left one are rounded as they come. So
  // a large right one in columns is the left instead, as out' = b' a', unless the result is larger
  // still and has to be turned back.
  if (accumulate || is_in_rows(b) || a.numel() + 2 * out.numel() >= b.numel()) {
    return multiply(out, a, b, accumulate);
  }
  const at::Tensor turned = at::empty({out.size(1), out.size(0)}, out.options());
  multiply(turned, b.t(), a.t(), /*accumulate=*/false);
  transpose(turned, out);
}

}  // namespace sparring
