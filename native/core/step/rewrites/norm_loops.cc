#include "core/step/rewrites/norm_loops.h"

#include "core/wide.h"

namespace sparring {
namespace {

// Statistics of some rows, in float64.
struct Statistics {
  explicit Statistics(int64_t columns) : mean(columns), squares(columns) {}
  std::vector<double> mean, squares;
  int64_t rows = 0;
};

// Means of a tile's columns, as distances from its first row: equal values have no rounding error,
// and values far from 0 that of how far they are apart.
template <class T>
SPARRING_WIDE void tile_means(const Tile& tile, const T* x, Computed<T>* mean) {
  using Number = Computed<T>;
  const int64_t columns = tile.columns;
  const T* start = x + tile.begin * columns;
  const Number share = Number(1) / static_cast<Number>(tile.end - tile.begin);
  for_columns(columns, [&](auto width, int64_t first) SPARRING_INLINE {
    Number from[kWidest], sum[kWidest];
    for (int64_t i = 0; i < width; ++i) from[i] = loaded(start[first + i]), sum[i] = 0;
    for (int64_t row = tile.begin; row < tile.end; ++row) {
      const T* line = x + row * columns + first;
      for (int64_t i = 0; i < width; ++i) sum[i] += loaded(line[i]) - from[i];
    }
    for (int64_t i = 0; i < width; ++i) mean[first + i] = from[i] + sum[i] * share;
  });
}

// Squared distances of a tile from its means, which are still in the cache.
template <class T>
SPARRING_WIDE void tile_squares(const Tile& tile, const T* x, const Computed<T>* mean,
                                Computed<T>* squares) {
  const int64_t columns = tile.columns;
  for_columns(columns, [&](auto width, int64_t first) SPARRING_INLINE {
    Computed<T> middle[kWidest], sum[kWidest];
    for (int64_t i = 0; i < width; ++i) middle[i] = mean[first + i], sum[i] = 0;
    for (int64_t row = tile.begin; row < tile.end; ++row) {
      const T* line = x + row * columns + first;
      for (int64_t i = 0; i < width; ++i) {
        const Computed<T> apart = loaded(line[i]) - middle[i];
        sum[i] += apart * apart;
      }
    }
    for (int64_t i = 0; i < width; ++i) squares[first + i] = sum[i];
  });
}

// Chan et al. 1983: two sets of values as one. `mean` and `squares` belong to `rows` values.
template <class T>
void merge_statistics(Statistics& all, const T* mean, const T* squares, int64_t rows) {
  if (rows == 0) return;
  const double share = rows / static_cast<double>(all.rows + rows);
  for (size_t i = 0; i < all.mean.size(); ++i) {
    const double apart = static_cast<double>(mean[i]) - all.mean[i];
    all.mean[i] += apart * share;
    all.squares[i] += static_cast<double>(squares[i]) + apart * apart * all.rows * share;
  }
  all.rows += rows;
}

template <class T>
SPARRING_WIDE void scale_tile(const Tile& tile, const T* x, const Lines<Computed<T>>& by,
                              Computed<T> slope, T* output) {
  const int64_t columns = tile.columns;
  for_columns(columns, [&](auto width, int64_t first) SPARRING_INLINE {
    const OwnLines<Computed<T>> lines(by, width, first);
    SPARRING_APART
    for (int64_t row = tile.begin; row < tile.end; ++row) {
      const T* __restrict__ from = x + row * columns + first;
      T* __restrict__ to = output + row * columns + first;
      SPARRING_APART
      for (int64_t i = 0; i < width; ++i) {
        const Computed<T> value = lines.at(i, loaded(from[i]));
        store(value > 0 ? value : value * slope, to[i]);
      }
    }
  });
}

template <class T>
SPARRING_WIDE void sum_tile(const Tile& tile, const Slopes<T>& of, const Computed<T>* mean,
                            Computed<T>* sum, Computed<T>* dot) {
  using Number = Computed<T>;
  const int64_t columns = tile.columns;
  for_columns(columns, [&](auto width, int64_t first) SPARRING_INLINE {
    const auto [gradient, output, x, slope] = of;
    Number middle[kWidest], sums[kWidest], dots[kWidest];
    for (int64_t i = 0; i < width; ++i) middle[i] = mean[first + i], sums[i] = dots[i] = 0;
    for (int64_t row = tile.begin; row < tile.end; ++row) {
      const int64_t at = row * columns + first;
      for (int64_t i = 0; i < width; ++i) {
        const Number bend = loaded(output[at + i]) > 0 ? Number(1) : slope;
        const Number g = loaded(gradient[at + i]) * bend;
        sums[i] += g;
        dots[i] += g * (loaded(x[at + i]) - middle[i]);
      }
    }
    for (int64_t i = 0; i < width; ++i) sum[first + i] = sums[i], dot[first + i] = dots[i];
  });
}

template <class T>
SPARRING_WIDE void combine_tile(const Tile& tile, const Slopes<T>& of,
                                const Combination<Computed<T>>& by, T* into) {
  using Number = Computed<T>;
  const int64_t columns = tile.columns;
  for_columns(columns, [&](auto width, int64_t first) SPARRING_INLINE {
    const auto [gradient, output, x, slope] = of;
    const OwnLines<Number> lines(by.lines, width, first);
    Number factor[kWidest], g[kWidest];
    for (int64_t i = 0; i < width; ++i) factor[i] = by.factor[first + i];
    for (int64_t row = tile.begin; row < tile.end; ++row) {
      const int64_t at = row * columns + first;
      T* __restrict__ to = into + at;
      SPARRING_APART
      for (int64_t i = 0; i < width; ++i) {
        g[i] = loaded(gradient[at + i]) * (loaded(output[at + i]) > 0 ? Number(1) : slope);
      }
      SPARRING_APART
      for (int64_t i = 0; i < width; ++i) {
        store(g[i] * factor[i] + lines.at(i, loaded(x[at + i])), to[i]);
      }
    }
  });
}

}  // namespace

template <class T>
void take_statistics_of(const SampleMatrix<T>& x, const T* values, Computed<T>* means,
                        Computed<T>* variances) {
  using Number = Computed<T>;
  const auto work = [&](const Tile& tile, Statistics& all) {
    std::vector<Number> local(2 * x.columns);
    Number *mean = local.data(), *squares = mean + x.columns;
    tile_means<T>(tile, values, mean);
    tile_squares<T>(tile, values, mean, squares);
    merge_statistics<Number>(all, mean, squares, tile.end - tile.begin);
  };
  std::vector<Statistics> parts = sums_of_tiles(x.rows, x.columns, Statistics(x.columns), work);
  for (size_t i = 1; i < parts.size(); ++i) {
    merge_statistics<double>(parts[0], parts[i].mean.data(), parts[i].squares.data(),
                             parts[i].rows);
  }
  for (int64_t i = 0; i < x.columns; ++i) {
    means[i] = static_cast<Number>(parts[0].mean[i]);
    variances[i] = static_cast<Number>(parts[0].squares[i] / static_cast<double>(x.rows));
  }
}

template <class T>
void scale_and_bend_of(const SampleMatrix<T>& x, const T* values, const Lines<Computed<T>>& by,
                       Computed<T> slope, T* output) {
  for_tiles(x.rows, x.columns,
            [&](const Tile& tile) { scale_tile<T>(tile, values, by, slope, output); });
}

template <class T>
void sum_gradients_of(const SampleMatrix<T>& x, const Slopes<T>& of, const Computed<T>* mean,
                      Computed<T>* sum, Computed<T>* dot) {
  using Number = Computed<T>;
  const auto sum_one = [&](const Tile& tile, const std::array<Number*, 2>& ways) {
    sum_tile<T>(tile, of, mean, ways[0], ways[1]);
  };
  sum_tiles<Number, 2>(x, sum_one, {sum, dot});
}

template <class T>
void combine_of(const SampleMatrix<T>& x, const Slopes<T>& of, const Combination<Computed<T>>& by,
                T* into) {
  for_tiles(x.rows, x.columns, [&](const Tile& tile) { combine_tile<T>(tile, of, by, into); });
}

#define SPARRING_LOOPS_FOR(T)                                                                     \
  template void take_statistics_of<T>(const SampleMatrix<T>&, const T*, Computed<T>*,             \
                                      Computed<T>*);                                              \
  template void scale_and_bend_of<T>(const SampleMatrix<T>&, const T*, const Lines<Computed<T>>&, \
                                     Computed<T>, T*);                                            \
  template void sum_gradients_of<T>(const SampleMatrix<T>&, const Slopes<T>&, const Computed<T>*, \
                                    Computed<T>*, Computed<T>*);                                  \
  template void combine_of<T>(const SampleMatrix<T>&, const Slopes<T>&,                           \
                              const Combination<Computed<T>>&, T*);
SPARRING_LOOPS_FOR(float)
SPARRING_LOOPS_FOR(double)
SPARRING_LOOPS_FOR(at::BFloat16)
#undef SPARRING_LOOPS_FOR

}  // namespace sparring
