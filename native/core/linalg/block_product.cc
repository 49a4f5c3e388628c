#include "core/linalg/block_product.h"

#include <algorithm>

// Weak: not in every libtorch.
namespace at::native::cpublas {
__attribute__((weak)) void brgemm(int64_t rows, int64_t columns, int64_t inner, int64_t a_row,
                                  int64_t b_row, int64_t out_row, bool accumulate, const float* a,
                                  const float* b, float* out, bool is_packed);
}  // namespace at::native::cpublas

namespace sparring {
namespace {

// More of b at a time does not stay in the cache, and costs a third.
constexpr int64_t kMostInner = 512, kMostColumns = 256;
// Of one whose rows are short and lie one behind the other, twice as much does.
constexpr int64_t kMostInnerOfShort = 1024, kShort = 64;
// With AVX2 alone, of one with longer rows that is larger than this: timed on a Zen 3, whose second
// cache holds 512 KiB.
constexpr int64_t kManyWithAvx2 = int64_t{1} << 15, kMostColumnsWithAvx2 = 32;

// Of those of that name, the one for float32.
using FloatBlock = void(int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, bool, const float*,
                        const float*, float*, bool);

bool has_avx512() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512f");
#else
  return false;
#endif
}

int64_t most_columns(const ProductSize& size, const Matrix<const float>& b) {
  static const bool is_narrow = !has_avx512();
  const bool is_large = b.row > kShort && size.inner * size.columns > kManyWithAvx2;
  return is_narrow && is_large ? kMostColumnsWithAvx2 : kMostColumns;
}

}  // namespace

bool has_block_product() {
  return static_cast<FloatBlock*>(at::native::cpublas::brgemm) != nullptr;
}

void block_product(const ProductSize& size, const Matrix<float>& out, const Matrix<const float>& a,
                   const Matrix<const float>& b, bool accumulate) {
  const int64_t most_at_once = most_columns(size, b);
  const int64_t most = b.row <= kShort ? kMostInnerOfShort : kMostInner;
  for (int64_t k = 0; k < size.inner; k += most) {
    const int64_t inner = std::min(most, size.inner - k);
    for (int64_t column = 0; column < size.columns; column += most_at_once) {
      const int64_t columns = std::min(most_at_once, size.columns - column);
      at::native::cpublas::brgemm(size.rows, columns, inner, a.row, b.row, out.row,
                                  accumulate || k > 0, a.first + k, b.first + k * b.row + column,
                                  out.first + column, /*is_packed=*/false);
    }
  }
}

}  // namespace sparring
