// Matrices in pieces that stay in the cache, shared out to threads: for the loops of normalisation.
// What they take is [rows, columns]; or [samples, rows, columns], each sample with numbers of its
// own, [samples, columns].
#pragma once

#include <ATen/Parallel.h>

#include <algorithm>
#include <array>
#include <type_traits>
#include <vector>

#include "core/bfloat16_bits.h"
#include "core/step/rewrites/norm_kernels.h"
#include "core/wide.h"

namespace sparring {

// Rows that stay in the cache together.
constexpr int64_t kTile = 128;

// Rows [begin, end) of a matrix.
struct Tile {
  int64_t begin, end, columns;
};

// Calls work(width, begin) for columns side by side, whose factors and sums stay in registers over
// all rows of a tile. Widths that fill vectors are constants, for loops of a known length; what is
// left of others goes in one go, as smaller pieces would each go over all rows again.
constexpr int64_t kWidest = 64;
template <class Work>
SPARRING_INLINE inline void for_columns(int64_t columns, const Work& work) {
  int64_t begin = 0;
  for (; begin + kWidest <= columns; begin += kWidest) {
    work(std::integral_constant<int64_t, kWidest>(), begin);
  }
  const int64_t left = columns - begin;
  if (left == 48) return work(std::integral_constant<int64_t, 48>(), begin);
  if (left == 32) return work(std::integral_constant<int64_t, 32>(), begin);
  if (left == 16) return work(std::integral_constant<int64_t, 16>(), begin);
  if (left > 0) work(left, begin);
}

// NormLines' values.
template <class T>
struct Lines {
  const T *mean, *along, *offset;
};

// Lines of some columns, by copies that nothing else writes to.
template <class T>
struct OwnLines {
  template <class Width>
  SPARRING_INLINE OwnLines(const Lines<T>& of, Width width, int64_t first) {
    for (int64_t i = 0; i < width; ++i) {
      mean[i] = of.mean[first + i], along[i] = of.along[first + i],
      offset[i] = of.offset[first + i];
    }
  }
  SPARRING_INLINE T at(int64_t i, T x) const { return (x - mean[i]) * along[i] + offset[i]; }
  T mean[kWidest], along[kWidest], offset[kWidest];
};

// A NormGradient's values. Functions take it apart first: what they write might be its slope.
template <class T>
struct Slopes {
  const T *gradient, *output, *x;
  Computed<T> slope;
};

// A sample's matrix, or the only one, of such values; its numbers are what they are computed as.
template <class T>
struct SampleMatrix {
  explicit SampleMatrix(const at::Tensor& x, int64_t of_sample = 0)
      : rows(x.size(-2)), columns(x.size(-1)), sample(of_sample) {}
  T* values(const at::Tensor& all) const {
    return all.mutable_data_ptr<T>() + sample * rows * columns;
  }
  Computed<T>* numbers(const at::Tensor& all) const {
    return all.mutable_data_ptr<Computed<T>>() + sample * columns;
  }
  // Where a sample has but one.
  Computed<T>& number(const at::Tensor& all) const {
    return all.mutable_data_ptr<Computed<T>>()[sample];
  }
  Slopes<T> slopes(const NormGradient& of) const {
    return {values(of.gradient), values(of.output), values(of.x),
            static_cast<Computed<T>>(of.slope)};
  }
  int64_t rows, columns, sample;
};

// Calls work(tile, sums) for tiles of the rows, and returns the sums, in the order of the threads:
// each has its own, which begin as `empty`.
template <class Sums, class Work>
std::vector<Sums> sums_of_tiles(int64_t rows, int64_t columns, const Sums& empty,
                                const Work& work) {
  const int64_t tiles = (rows + kTile - 1) / kTile;
  const int64_t threads = std::max(1, at::get_num_threads());
  const int64_t each = (tiles + threads - 1) / threads;
  std::vector<Sums> parts(threads, empty);
  at::parallel_for(0, threads, 1, [&](int64_t first, int64_t last) {
    for (int64_t part = first; part < last; ++part) {
      for (int64_t i = part * each; i < std::min(tiles, (part + 1) * each); ++i) {
        work(Tile{i * kTile, std::min(rows, (i + 1) * kTile), columns}, parts[part]);
      }
    }
  });
  return parts;
}

// Tiles that have nothing to sum.
template <class Work>
void for_tiles(int64_t rows, int64_t columns, const Work& work) {
  const int64_t tiles = (rows + kTile - 1) / kTile;
  at::parallel_for(0, tiles, 8, [&](int64_t first, int64_t last) {
    work(Tile{first * kTile, std::min(rows, last * kTile), columns});
  });
}

// sum_one(tile, sums) sums a tile, column by column, in as many ways as there are in `into`: in the
// type of its numbers, where those of tiles are summed in float64.
template <class T, size_t kWays, class SumOne, class Matrix>
void sum_tiles(const Matrix& x, const SumOne& sum_one, const std::array<T*, kWays>& into) {
  using Sums = std::vector<double>;
  const auto count = kWays * static_cast<size_t>(x.columns);
  const auto work = [&](const Tile& tile, Sums& sums) {
    std::vector<T> local(count);
    std::array<T*, kWays> ways;
    for (size_t way = 0; way < kWays; ++way) ways[way] = local.data() + way * x.columns;
    sum_one(tile, ways);
    for (size_t i = 0; i < count; ++i) sums[i] += static_cast<double>(local[i]);
  };
  std::vector<Sums> parts = sums_of_tiles(x.rows, x.columns, Sums(count), work);
  for (size_t part = 1; part < parts.size(); ++part) {
    for (size_t i = 0; i < count; ++i) parts[0][i] += parts[part][i];
  }
  for (size_t way = 0; way < kWays; ++way) {
    for (int64_t i = 0; i < x.columns; ++i) {
      into[way][i] = static_cast<T>(parts[0][way * x.columns + i]);
    }
  }
}

// Whose mean and variance are one: the columns of a group, of which there are so many side by side,
// over so many rows.
struct Shares {
  int64_t rows, columns, groups;
};

// At each column the mean over what shares; sum_of(column) is its sum over the rows.
template <class SumOf>
std::vector<double> shared_means(const Shares& shares, const SumOf& sum_of) {
  std::vector<double> means(shares.columns);
  const int64_t each = shares.columns / shares.groups;
  for (int64_t begin = 0; begin < shares.columns; begin += each) {
    double sum = 0;
    for (int64_t i = begin; i < begin + each; ++i) sum += sum_of(i);
    std::fill_n(means.begin() + begin, each, sum / static_cast<double>(shares.rows * each));
  }
  return means;
}

// Calls work(matrix) for each sample, side by side; a lone one shares its rows out instead, which
// within one of several is done one after the other.
template <class T, class Work>
void for_samples(const at::Tensor& x, const Work& work) {
  const int64_t samples = x.dim() == 3 ? x.size(0) : 1;
  if (samples == 1) return work(SampleMatrix<T>(x));
  at::parallel_for(0, samples, 1, [&](int64_t first, int64_t last) {
    for (int64_t sample = first; sample < last; ++sample) work(SampleMatrix<T>(x, sample));
  });
}

}  // namespace sparring
