#include "core/linalg/product.h"

#include <ATen/Parallel.h>

#include <algorithm>

#include "core/linalg/block_product.h"
#include "core/linalg/transpose.h"

// libtorch_cpu has it for bfloat16; float32 is allowed. Weak: a libtorch without it is fine.
namespace at::native {
__attribute__((weak)) void mkldnn_matmul(const Tensor& a, const Tensor& b, const Tensor& out,
                                         float beta, float alpha);
}  // namespace at::native

namespace sparring {
namespace {

// On AMD's processors libtorch's BLAS (MKL) keeps to AVX2, and oneDNN's AVX-512 kernels are twice
// as fast: 240 against 105 GFLOP/s on one core of a Zen 5. Elsewhere the two are about as fast, as
// on a Zen 3, which has no more than AVX2; but the BLAS packs both matrices for each product, and
// oneDNN's block none.
Multiplier choose() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (!at::globalContext().hasMKLDNN()) return Multiplier::kBlas;
  if (__builtin_cpu_is("amd") && __builtin_cpu_supports("avx512f")) {
    return at::native::mkldnn_matmul ? Multiplier::kOneDnn : Multiplier::kBlas;
  }
  if (__builtin_cpu_supports("avx2") && has_block_product()) return Multiplier::kEither;
#endif
  return Multiplier::kBlas;
}

// Multiplications from which its 10 µs a call are made up for.
constexpr int64_t kWorthIt = int64_t{1} << 20;
// The same of another thread, for oneDNN's block.
constexpr int64_t kWorthAThread = int64_t{1} << 19;
// Values of a right matrix that are turned round faster than oneDNN itself does it.
constexpr int64_t kMostTurned = int64_t{1} << 15;
// Rows of a left matrix up to which it and the result are turned round instead: a batch is small,
// and the weights of a layer are not.
constexpr int64_t kMostRowsTurned = 256;
// Values that are worth another thread to turn them round.
constexpr int64_t kWorthTurning = int64_t{1} << 14;
// With fewer columns the block leaves most of its registers empty.
constexpr int64_t kFewestColumns = 16;
// Values of a left matrix from which that is faster than the BLAS all the same, which has to pack
// them.
constexpr int64_t kManyOnTheLeft = int64_t{1} << 15;

// Beside a BLAS that is as fast, timed on an Emerald Rapids. Values of a right matrix in rows that
// stay in the cache, where the block need not jump from page to page.
constexpr int64_t kMostBesideBlas = int64_t{1} << 17;
// Values of one in columns, and rows of the left matrix that make up for turning it round.
constexpr int64_t kMostTurnedBesideBlas = int64_t{1} << 14, kRowsToTurn = int64_t{1} << 12;
// A small batch: its most rows, and values of the right matrix for each from which on it costs more
// to pack the weights than to turn the batch round.
constexpr int64_t kMostRowsBesideBlas = 128, kWeightsOfARow = 6144;

// A thread's share is a multiple of so many, as what is over is turned round value by value; where
// it is so large that others are not much smaller for it.
constexpr int64_t kWhole = 16, kLarge = 256;

int64_t share_of(int64_t length, int64_t parts) {
  const int64_t each = (length + parts - 1) / parts;
  return each < kLarge ? each : (each + kWhole - 1) / kWhole * kWhole;
}

// Rows, or columns, of the result for each thread.
template <class Function>
void for_parts(int64_t length, int64_t multiplications, const Function& function) {
  const int64_t most = std::min<int64_t>(at::get_num_threads(), length);
  const int64_t parts = std::clamp<int64_t>(multiplications / kWorthAThread, 1, most);
  const int64_t each = share_of(length, parts);
  at::parallel_for(0, parts, 1, [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; ++part) {
      const int64_t first = part * each;
      if (first < length) function(first, std::min(each, length - first));
    }
  });
}

Matrix<const float> rows_of(const at::Tensor& matrix) {
  return {matrix.const_data_ptr<float>(), matrix.stride(0)};
}

// Rows of a matrix in columns, turned round into their place.
void turn(const at::Tensor& matrix, const at::Tensor& turned, int64_t first, int64_t count) {
  transpose(matrix.const_data_ptr<float>() + first, matrix.stride(1), matrix.size(1), count,
            turned.mutable_data_ptr<float>() + first * turned.stride(0), turned.stride(0));
}

int64_t fewest_columns(const at::Tensor& left) {
  return left.numel() < kManyOnTheLeft ? kFewestColumns : 2;
}

// Multiplies by oneDNN's block; false where that would not be faster than the whole of oneDNN.
bool multiply_by_blocks(const at::Tensor& out, const at::Tensor& a, const at::Tensor& b,
                        bool accumulate) {
  const auto can_be_in_rows = [](const at::Tensor& one) {
    return is_in_rows(one) || is_in_rows(one.t());
  };
  if (out.numel() == 0 || a.numel() == 0 || out.size(1) < fewest_columns(a)) return false;
  if (!can_be_in_rows(a) || !can_be_in_rows(b)) return false;
  if (!is_in_rows(b) && b.numel() > kMostTurned) return false;
  // Each thread turns the rows that it multiplies.
  const bool turns = !is_in_rows(a);
  const at::Tensor left = turns ? at::empty(a.sizes(), a.options()) : a, right = in_rows(b);
  const ProductSize size{out.size(0), a.size(1), out.size(1)};
  const Matrix<const float> from = rows_of(left), by = rows_of(right);
  const Matrix<float> to{out.mutable_data_ptr<float>(), out.stride(0)};
  const int64_t multiplications = size.rows * size.inner * size.columns;
  if (turns || size.rows > size.columns) {
    for_parts(size.rows, multiplications, [&](int64_t first, int64_t count) {
      if (turns) turn(a, left, first, count);
      block_product({count, size.inner, size.columns}, {to.first + first * to.row, to.row},
                    {from.first + first * from.row, from.row}, by, accumulate);
    });
  } else {
    for_parts(size.columns, multiplications, [&](int64_t first, int64_t count) {
      block_product({size.rows, size.inner, count}, {to.first + first, to.row}, from,
                    {by.first + first, by.row}, accumulate);
    });
  }
  return true;
}

// out = a b as out' = b' a', for a large b that lies in columns; false where it is not one.
bool multiply_turned(const at::Tensor& out, const at::Tensor& a, const at::Tensor& b) {
  const int64_t rows = out.size(0), inner = a.size(1), columns = out.size(1);
  if (rows < kFewestColumns || rows > kMostRowsTurned || b.numel() <= kMostTurned) return false;
  // Else the batch is more than the weights, which oneDNN would turn round at half our speed.
  if (rows * (inner + columns) >= 2 * inner * columns) return false;
  const at::Tensor right = b.t();
  if (!is_in_rows(right) || !is_in_rows(a)) return false;
  const at::Tensor left = in_rows(a.t()), turned = at::empty({columns, rows}, out.options());
  const Matrix<const float> from = rows_of(right), by = rows_of(left);
  const Matrix<float> to{turned.mutable_data_ptr<float>(), rows};
  float* const whole = out.mutable_data_ptr<float>();
  for_parts(columns, rows * inner * columns, [&](int64_t first, int64_t count) {
    float* const part = to.first + first * to.row;
    block_product({count, inner, rows}, {part, to.row}, {from.first + first * from.row, from.row},
                  by, /*accumulate=*/false);
    transpose(part, to.row, count, rows, whole + first, out.stride(0));
  });
  return true;
}

// The whole of oneDNN; false where that would not be faster than the BLAS.
bool multiply_by_one_dnn(const at::Tensor& out, const at::Tensor& a, const at::Tensor& b,
                         bool accumulate) {
  if (has_block_product()) {
    if (multiply_by_blocks(out, a, b, accumulate)) return true;
    if (!accumulate && multiply_turned(out, a, b)) return true;
  }
  if (a.size(0) * a.size(1) * b.size(1) < kWorthIt) return false;
  at::native::mkldnn_matmul(a, b, out, accumulate ? 1.0f : 0.0f, 1.0f);
  return true;
}

// What the block is better at than a BLAS that is as fast; false where it is none of that.
bool multiply_beside_blas(const at::Tensor& out, const at::Tensor& a, const at::Tensor& b,
                          bool accumulate) {
  if (!is_in_rows(a)) return false;
  const int64_t rows = a.size(0), values = b.numel();
  const bool is_small = is_in_rows(b) ? values <= kMostBesideBlas
                                      : values <= kMostTurnedBesideBlas && rows >= kRowsToTurn;
  if (is_small && multiply_by_blocks(out, a, b, accumulate)) return true;
  const bool is_small_batch = rows <= kMostRowsBesideBlas && values >= kWeightsOfARow * rows;
  return is_small_batch && !accumulate && multiply_turned(out, a, b);
}

bool multiply_past_blas(const at::Tensor& out, const at::Tensor& a, const at::Tensor& b,
                        bool accumulate) {
  switch (multiplier()) {
    case Multiplier::kOneDnn:
      return multiply_by_one_dnn(out, a, b, accumulate);
    case Multiplier::kEither:
      return multiply_beside_blas(out, a, b, accumulate);
    case Multiplier::kBlas:
      return false;
  }
  return false;
}

}  // namespace

bool is_in_rows(const at::Tensor& matrix) {
  return matrix.stride(1) == 1 && matrix.stride(0) >= matrix.size(1);
}

at::Tensor in_rows(const at::Tensor& matrix) {
  if (is_in_rows(matrix)) return matrix;
  const at::Tensor turned = at::empty(matrix.sizes(), matrix.options());
  transpose(matrix.t(), turned);
  return turned;
}

Multiplier multiplier() {
  static const Multiplier chosen = choose();
  return chosen;
}

void transpose(const at::Tensor& from, const at::Tensor& to) {
  if (from.scalar_type() != at::kFloat || !is_in_rows(from)) {
    at::Tensor(to).copy_(from.t());
    return;
  }
  const int64_t rows = to.size(0), grain = kWorthTurning / std::max<int64_t>(1, to.size(1));
  at::parallel_for(0, rows, std::max<int64_t>(1, grain),
                   [&](int64_t begin, int64_t end) { turn(from.t(), to, begin, end - begin); });
}

void product(const at::Tensor& out, const at::Tensor& a, const at::Tensor& b, bool accumulate) {
  if (out.scalar_type() == at::kFloat && multiply_past_blas(out, a, b, accumulate)) return;
  at::Tensor result = out;
  if (accumulate) {
    at::addmm_out(result, result, a, b);
  } else {
    at::mm_out(result, a, b);
  }
}

}  // namespace sparring
