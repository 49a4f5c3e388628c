// The rules of convolutions with fewer multiplications (Winograd 1980; Lavin and Gray 2016,
// arXiv:1509.09308). Along one axis F(tile, taps) makes so many results, y, of a window of pixels,
// d, and of taps, g, by one product for each of `points` = tile + taps - 1:
//   y = results ((window d) * (kernel g))      y[i] = sum over j of d[i + j] g[j]
// On two axes each matrix is applied to both. Derivatives take the matrices the other way round:
// they are the same products, of other two of the three.
#pragma once

#include <cstdint>

#include "core/wide.h"

namespace sparring::winograd {

template <int kRows, int kColumns>
struct Factors {
  static constexpr int rows = kRows, columns = kColumns;
  double at[kRows][kColumns];

  constexpr Factors<kColumns, kRows> transposed() const {
    Factors<kColumns, kRows> turned{};
    for (int row = 0; row < kRows; ++row) {
      for (int column = 0; column < kColumns; ++column) turned.at[column][row] = at[row][column];
    }
    return turned;
  }
};

// Whether the three matrices convolve.
template <class Rule>
constexpr bool convolves() {
  for (int i = 0; i < Rule::kTile; ++i) {
    for (int j = 0; j < Rule::kTaps; ++j) {
      for (int k = 0; k < Rule::kPoints; ++k) {
        double sum = 0;
        for (int p = 0; p < Rule::kPoints; ++p) {
          sum += Rule::results.at[i][p] * Rule::window.at[p][k] * Rule::kernel.at[p][j];
        }
        const double wanted = k == i + j ? 1 : 0;
        if (sum - wanted > 1e-15 || wanted - sum > 1e-15) return false;
      }
    }
  }
  return true;
}

// Whether what is added to the product at the point 1, always the second, is added to each result.
template <class Rule>
constexpr bool adds_evenly() {
  for (int i = 0; i < Rule::kTile; ++i) {
    if (Rule::results.at[i][1] != 1) return false;
  }
  return true;
}

// The points are 0, 1 and infinity: all factors are 1 or -1.
struct TwoByTwo {
  static constexpr int kTile = 2, kTaps = 2, kPoints = 3;
  static constexpr Factors<3, 3> window{{{1, -1, 0}, {0, 1, 0}, {0, 1, -1}}};
  static constexpr Factors<3, 2> kernel{{{1, 0}, {1, 1}, {0, 1}}};
  static constexpr Factors<2, 3> results{{{1, 1, 0}, {0, 1, -1}}};
};

// 0, 1, -1 and infinity.
struct TwoByThree {
  static constexpr int kTile = 2, kTaps = 3, kPoints = 4;
  static constexpr Factors<4, 4> window{
      {{1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, 1, 0, -1}}};
  static constexpr Factors<4, 3> kernel{{{1, 0, 0}, {.5, .5, .5}, {.5, -.5, .5}, {0, 0, 1}}};
  static constexpr Factors<2, 4> results{{{1, 1, 1, 0}, {0, 1, -1, -1}}};
};

// 0, 1, -1, 2 and infinity. With fewer tiles than so many, a weight at more points costs more than
// the products save: timed with 512 channels, where that is most.
struct FourByTwo {
  static constexpr int kTile = 4, kTaps = 2, kPoints = 5, kFewestTiles = 64;
  static constexpr Factors<5, 5> window{{{2, -1, -2, 1, 0},
                                         {0, -2, -1, 1, 0},
                                         {0, 2, -3, 1, 0},
                                         {0, -1, 0, 1, 0},
                                         {0, 2, -1, -2, 1}}};
  static constexpr Factors<5, 2> kernel{
      {{1. / 2, 0}, {-1. / 2, -1. / 2}, {-1. / 6, 1. / 6}, {1. / 6, 1. / 3}, {0, 1}}};
  static constexpr Factors<4, 5> results{
      {{1, 1, 1, 1, 0}, {0, 1, -1, 2, 0}, {0, 1, 1, 4, 0}, {0, 1, -1, 8, 1}}};
};

// 0, 1, -1, 1/2, -2 and infinity: of those tried the ones with the smallest errors.
struct FourByThree {
  static constexpr int kTile = 4, kTaps = 3, kPoints = 6, kFewestTiles = 32;
  static constexpr Factors<6, 6> window{{{1, -1.5, -2, 1.5, 1, 0},
                                         {0, -1, .5, 2.5, 1, 0},
                                         {0, 1, -2.5, .5, 1, 0},
                                         {0, -2, -1, 2, 1, 0},
                                         {0, .5, -1, -.5, 1, 0},
                                         {0, 1, -1.5, -2, 1.5, 1}}};
  static constexpr Factors<6, 3> kernel{{{1, 0, 0},
                                         {1. / 3, 1. / 3, 1. / 3},
                                         {-1. / 3, 1. / 3, -1. / 3},
                                         {-16. / 15, -8. / 15, -4. / 15},
                                         {1. / 15, -2. / 15, 4. / 15},
                                         {0, 0, 1}}};
  static constexpr Factors<4, 6> results{
      {{1, 1, 1, 1, 1, 0}, {0, 1, -1, .5, -2, 0}, {0, 1, 1, .25, 4, 0}, {0, 1, -1, .125, -8, 1}}};
};

static_assert(convolves<TwoByTwo>() && convolves<TwoByThree>());
static_assert(convolves<FourByTwo>() && convolves<FourByThree>());
static_assert(adds_evenly<TwoByTwo>() && adds_evenly<TwoByThree>());
static_assert(adds_evenly<FourByTwo>() && adds_evenly<FourByThree>());

// A rule's matrices for the five ways over its points.
template <class Rule>
struct Ways {
  static constexpr auto window = Rule::window;
  static constexpr auto kernel = Rule::kernel;
  static constexpr auto results = Rule::results;
  // Derivatives: from a gradient for results to the points, and from those to one for the taps.
  static constexpr auto tile = Rule::results.transposed();
  static constexpr auto taps = Rule::kernel.transposed();
};

// made = factors given, along one axis. No arithmetic for factors of 0, 1 and -1.
template <const auto& kFactors, class T>
SPARRING_INLINE inline void along(const T* given, T* made) {
#pragma GCC unroll 8
  for (int row = 0; row < kFactors.rows; ++row) {
    T sum = 0;
    bool is_first = true;
#pragma GCC unroll 8
    for (int column = 0; column < kFactors.columns; ++column) {
      const double factor = kFactors.at[row][column];
      if (factor == 0) continue;
      const T value = given[column];
      const T term = factor == 1 ? value : factor == -1 ? -value : T(factor) * value;
      sum = is_first ? term : sum + term;
      is_first = false;
    }
    made[row] = sum;
  }
}

// The same along both axes, for `length` channels: from columns x columns places, to rows x rows.
template <const auto& kFactors, class T>
SPARRING_WIDE void transform(const T* const* from, int64_t length, T* const* to) {
  constexpr int kGiven = kFactors.columns, kMade = kFactors.rows;
  const T* source[kGiven * kGiven];
  T* target[kMade * kMade];
#pragma GCC unroll 64
  for (int i = 0; i < kGiven * kGiven; ++i) source[i] = from[i];
#pragma GCC unroll 64
  for (int i = 0; i < kMade * kMade; ++i) target[i] = to[i];
  SPARRING_APART
  for (int64_t i = 0; i < length; ++i) {
    T rows[kMade][kGiven];
#pragma GCC unroll 8
    for (int column = 0; column < kGiven; ++column) {
      T given[kGiven], made[kMade];
#pragma GCC unroll 8
      for (int row = 0; row < kGiven; ++row) given[row] = source[row * kGiven + column][i];
      along<kFactors>(given, made);
#pragma GCC unroll 8
      for (int row = 0; row < kMade; ++row) rows[row][column] = made[row];
    }
#pragma GCC unroll 8
    for (int row = 0; row < kMade; ++row) {
      T made[kMade];
      along<kFactors>(rows[row], made);
#pragma GCC unroll 8
      for (int column = 0; column < kMade; ++column) target[row * kMade + column][i] = made[column];
    }
  }
}

}  // namespace sparring::winograd
