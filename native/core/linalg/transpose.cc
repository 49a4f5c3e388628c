#include "core/linalg/transpose.h"

#include <algorithm>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace sparring {
namespace {

// A square that the processor turns round in its registers; without any, one value after the other.
struct Block {
  int64_t side;
  void (*transpose)(const float* from, int64_t from_row, float* to, int64_t to_row);
};

template <class T>
void transpose_simply(const T* from, int64_t from_row, int64_t rows, int64_t columns, T* to,
                      int64_t to_row) {
  for (int64_t column = 0; column < columns; ++column) {
    for (int64_t row = 0; row < rows; ++row) {
      to[column * to_row + row] = from[row * from_row + column];
    }
  }
}

#if defined(__x86_64__)

// Which values of two rows, numbered 0 to 15 and 16 to 31, make the two after the squares of
// `side` are exchanged across the diagonal.
struct Exchange {
  static constexpr int kSide = 16;
  alignas(64) int32_t first[kSide], second[kSide];
};

constexpr Exchange exchange_of(int side) {
  Exchange exchange{};
  for (int i = 0; i < Exchange::kSide; ++i) {
    const bool is_right = (i & side) != 0;
    exchange.first[i] = is_right ? Exchange::kSide + (i ^ side) : i;
    exchange.second[i] = is_right ? Exchange::kSide + i : i | side;
  }
  return exchange;
}

constexpr Exchange kExchanges[] = {exchange_of(1), exchange_of(2), exchange_of(4), exchange_of(8)};

// 16 x 16 values, by exchanging squares of 1, 2, 4 and 8 across the diagonal: five times as fast as
// one value after the other.
__attribute__((target("avx512f"))) void transpose_16(const float* from, int64_t from_row, float* to,
                                                     int64_t to_row) {
  __m512 rows[16];
  for (int i = 0; i < 16; ++i) rows[i] = _mm512_loadu_ps(from + i * from_row);
#pragma GCC unroll 4
  for (int power = 0; power < 4; ++power) {
    const __m512i first = _mm512_load_si512(kExchanges[power].first);
    const __m512i second = _mm512_load_si512(kExchanges[power].second);
    const int side = 1 << power;
#pragma GCC unroll 16
    for (int i = 0; i < 16; ++i) {
      if (i & side) continue;
      const __m512 upper = rows[i], lower = rows[i | side];
      rows[i] = _mm512_permutex2var_ps(upper, first, lower);
      rows[i | side] = _mm512_permutex2var_ps(upper, second, lower);
    }
  }
  for (int i = 0; i < 16; ++i) _mm512_storeu_ps(to + i * to_row, rows[i]);
}

// Two squares of 4 x 4, side by side.
__attribute__((target("avx2"))) inline void transpose_squares(__m256 (&rows)[4]) {
  const __m256 a = _mm256_unpacklo_ps(rows[0], rows[1]), b = _mm256_unpackhi_ps(rows[0], rows[1]);
  const __m256 c = _mm256_unpacklo_ps(rows[2], rows[3]), d = _mm256_unpackhi_ps(rows[2], rows[3]);
  rows[0] = _mm256_shuffle_ps(a, c, 0x44);
  rows[1] = _mm256_shuffle_ps(a, c, 0xee);
  rows[2] = _mm256_shuffle_ps(b, d, 0x44);
  rows[3] = _mm256_shuffle_ps(b, d, 0xee);
}

// 8 x 8 values: the squares of 4 x 4 on the right change places with those below.
__attribute__((target("avx2"))) void transpose_8(const float* from, int64_t from_row, float* to,
                                                 int64_t to_row) {
#pragma GCC unroll 2
  for (int half = 0; half < 8; half += 4) {
    __m256 rows[4];
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
      const float* const upper = from + i * from_row + half;
      rows[i] = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(upper)),
                                     _mm_loadu_ps(upper + 4 * from_row), 1);
    }
    transpose_squares(rows);
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) _mm256_storeu_ps(to + (half + i) * to_row, rows[i]);
  }
}

Block widest_block() {
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f")) return {16, transpose_16};
  if (__builtin_cpu_supports("avx2")) return {8, transpose_8};
  return {16, nullptr};
}

#else

Block widest_block() { return {16, nullptr}; }

#endif

}  // namespace

void transpose(const float* from, int64_t from_row, int64_t rows, int64_t columns, float* to,
               int64_t to_row) {
  static const Block block = widest_block();
  const int64_t side = block.side;
  for (int64_t row = 0; row < rows; row += side) {
    const int64_t high = std::min(side, rows - row);
    for (int64_t column = 0; column < columns; column += side) {
      const int64_t wide = std::min(side, columns - column);
      const float* const part = from + row * from_row + column;
      float* const turned = to + column * to_row + row;
      if (block.transpose && high == side && wide == side) {
        block.transpose(part, from_row, turned, to_row);
      } else {
        transpose_simply(part, from_row, high, wide, turned, to_row);
      }
    }
  }
}

void transpose(const double* from, int64_t from_row, int64_t rows, int64_t columns, double* to,
               int64_t to_row) {
  transpose_simply(from, from_row, rows, columns, to, to_row);
}

}  // namespace sparring
