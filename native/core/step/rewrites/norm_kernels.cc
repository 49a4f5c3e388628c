#include "core/step/rewrites/norm_kernels.h"

#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <vector>

#include "core/runtime/accelerator.h"
#include "core/wide.h"

namespace sparring {
namespace {

// Rows that stay in the cache together.
constexpr int64_t kTile = 128;

// Rows [begin, end) of a matrix.
struct Tile {
  int64_t begin, end, columns;
};

// Sums of a tile in the type of the values, those of tiles in float64.
struct Sums {
  explicit Sums(int64_t columns) : first(columns), second(columns) {}
  std::vector<double> first, second;
  int64_t rows = 0;
};

// Calls work(tile, sums) for tiles of the rows; each thread has sums of its own, which
// `merge` brings together in the order of the threads.
template <class Work, class Merge>
void for_tiles(int64_t rows, int64_t columns, const Work& work, const Merge& merge) {
  const int64_t tiles = (rows + kTile - 1) / kTile;
  const int64_t threads = std::max(1, at::get_num_threads());
  const int64_t each = (tiles + threads - 1) / threads;
  std::vector<Sums> parts(threads, Sums(columns));
  at::parallel_for(0, threads, 1, [&](int64_t first, int64_t last) {
    for (int64_t part = first; part < last; ++part) {
      for (int64_t i = part * each; i < std::min(tiles, (part + 1) * each); ++i) {
        work(Tile{i * kTile, std::min(rows, (i + 1) * kTile), columns}, parts[part]);
      }
    }
  });
  for (size_t i = 1; i < parts.size(); ++i) merge(parts[0], parts[i]);
  merge(parts[0], Sums(0));
}

template <class T>
T* data(const at::Tensor& tensor) {
  return tensor.mutable_data_ptr<T>();
}

// Mean and squared distances from it of a tile, in two passes over the cache.
template <class T>
SPARRING_WIDE void tile_statistics(const Tile& tile, const T* x, T* mean, T* squares) {
  const auto [begin, end, columns] = tile;
  for (int64_t i = 0; i < columns; ++i) mean[i] = squares[i] = 0;
  for (int64_t row = begin; row < end; ++row) {
    const T* line = x + row * columns;
    for (int64_t i = 0; i < columns; ++i) mean[i] += line[i];
  }
  const T share = T(1) / static_cast<T>(end - begin);
  for (int64_t i = 0; i < columns; ++i) mean[i] *= share;
  for (int64_t row = begin; row < end; ++row) {
    const T* line = x + row * columns;
    for (int64_t i = 0; i < columns; ++i) {
      const T apart = line[i] - mean[i];
      squares[i] += apart * apart;
    }
  }
}

// Chan et al. 1983: two sets of values as one. `mean` and `squares` belong to `rows` values.
template <class T>
void merge_statistics(Sums& sums, const T* mean, const T* squares, int64_t rows) {
  if (rows == 0) return;
  const double all = static_cast<double>(sums.rows + rows), share = rows / all;
  for (size_t i = 0; i < sums.first.size(); ++i) {
    const double apart = static_cast<double>(mean[i]) - sums.first[i];
    sums.first[i] += apart * share;
    sums.second[i] += static_cast<double>(squares[i]) + apart * apart * sums.rows * share;
  }
  sums.rows += rows;
}

template <class T>
SPARRING_WIDE void scale_tile(const Tile& tile, const T* x, const T* factor, const T* offset,
                              T slope, T* output) {
  const auto [begin, end, columns] = tile;
  for (int64_t row = begin; row < end; ++row) {
    const T* from = x + row * columns;
    T* to = output + row * columns;
    for (int64_t i = 0; i < columns; ++i) {
      const T value = from[i] * factor[i] + offset[i];
      to[i] = value > 0 ? value : value * slope;
    }
  }
}

// A NormGradient's values. Functions take it apart first: what they write might be its slope.
template <class T>
struct Slopes {
  const T *gradient, *output, *x;
  T slope;
};

template <class T>
SPARRING_WIDE void sum_tile(const Tile& tile, const Slopes<T>& of, const T* mean, T* sum, T* dot) {
  const auto [begin, end, columns] = tile;
  const auto [gradient, output, x, slope] = of;
  for (int64_t i = 0; i < columns; ++i) sum[i] = dot[i] = 0;
  for (int64_t row = begin; row < end; ++row) {
    const int64_t at = row * columns;
    for (int64_t i = 0; i < columns; ++i) {
      const T g = gradient[at + i] * (output[at + i] > 0 ? T(1) : slope);
      sum[i] += g;
      dot[i] += g * (x[at + i] - mean[i]);
    }
  }
}

template <class T>
SPARRING_WIDE void combine_tile(const Tile& tile, const Slopes<T>& of, const T* factor,
                                const T* along, const T* offset, T* into) {
  const auto [begin, end, columns] = tile;
  const auto [gradient, output, x, slope] = of;
  for (int64_t row = begin; row < end; ++row) {
    const int64_t at = row * columns;
    for (int64_t i = 0; i < columns; ++i) {
      const T g = gradient[at + i] * (output[at + i] > 0 ? T(1) : slope);
      into[at + i] = g * factor[i] + x[at + i] * along[i] + offset[i];
    }
  }
}

// Tiles that have nothing to sum.
template <class Work>
void for_tiles(int64_t rows, int64_t columns, const Work& work) {
  const int64_t tiles = (rows + kTile - 1) / kTile;
  at::parallel_for(0, tiles, 8, [&](int64_t first, int64_t last) {
    work(Tile{first * kTile, std::min(rows, last * kTile), columns});
  });
}

// One group of what the kernels are given.
template <class T>
struct Matrix {
  Matrix(const at::Tensor& x, int64_t of_group)
      : rows(x.size(-2)), columns(x.size(-1)), group(of_group) {}
  T* values(const at::Tensor& all) const { return data<T>(all) + group * rows * columns; }
  T* numbers(const at::Tensor& all) const { return data<T>(all) + group * columns; }
  Slopes<T> slopes(const NormGradient& of) const {
    return {values(of.gradient), values(of.output), values(of.x), static_cast<T>(of.slope)};
  }
  int64_t rows, columns, group;
};

template <class T>
void take_statistics_of(const Matrix<T>& x, const T* values, T* means, T* variances) {
  const auto work = [&](const Tile& tile, Sums& sums) {
    std::vector<T> local(2 * x.columns);
    tile_statistics<T>(tile, values, local.data(), local.data() + x.columns);
    merge_statistics<T>(sums, local.data(), local.data() + x.columns, tile.end - tile.begin);
  };
  const auto merge = [&](Sums& all, const Sums& more) {
    if (!more.first.empty()) {
      return merge_statistics<double>(all, more.first.data(), more.second.data(), more.rows);
    }
    for (int64_t i = 0; i < x.columns; ++i) {
      means[i] = static_cast<T>(all.first[i]);
      variances[i] = static_cast<T>(all.second[i] / static_cast<double>(x.rows));
    }
  };
  for_tiles(x.rows, x.columns, work, merge);
}

// `sum_one` sums a tile, column by column, in two ways.
template <class T, class SumOne>
void sum_tiles(const Matrix<T>& x, const SumOne& sum_one, T* first, T* second) {
  const auto work = [&](const Tile& tile, Sums& sums) {
    std::vector<T> local(2 * x.columns);
    sum_one(tile, local.data(), local.data() + x.columns);
    for (int64_t i = 0; i < x.columns; ++i) {
      sums.first[i] += static_cast<double>(local[i]);
      sums.second[i] += static_cast<double>(local[x.columns + i]);
    }
  };
  const auto merge = [&](Sums& all, const Sums& more) {
    for (size_t i = 0; i < more.first.size(); ++i) {
      all.first[i] += more.first[i];
      all.second[i] += more.second[i];
    }
    if (!more.first.empty()) return;
    for (int64_t i = 0; i < x.columns; ++i) {
      first[i] = static_cast<T>(all.first[i]);
      second[i] = static_cast<T>(all.second[i]);
    }
  };
  for_tiles(x.rows, x.columns, work, merge);
}

int64_t groups_of(const at::Tensor& x) { return x.dim() == 3 ? x.size(0) : 1; }

// Groups side by side; a lone one shares its rows out instead, which within a group is done one
// after the other.
template <class Work>
void for_groups(const at::Tensor& x, const Work& work) {
  const int64_t groups = groups_of(x);
  if (groups == 1) return work(0);
  at::parallel_for(0, groups, 1, [&](int64_t first, int64_t last) {
    for (int64_t group = first; group < last; ++group) work(group);
  });
}

class CpuNormKernels : public NormKernels {
 public:
  bool take(at::ScalarType values, at::ScalarType numbers) const override {
    return values == numbers && (values == at::kFloat || values == at::kDouble);
  }
  bool groups() const override { return true; }

  void take_statistics(const at::Tensor& x, const at::Tensor& mean,
                       const at::Tensor& variance) const override {
    AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "take_statistics", [&] {
      for_groups(x, [&](int64_t group) {
        const Matrix<scalar_t> of(x, group);
        take_statistics_of<scalar_t>(of, of.values(x), of.numbers(mean), of.numbers(variance));
      });
    });
  }

  void scale_and_bend(const at::Tensor& x, const at::Tensor& factor, const at::Tensor& offset,
                      double slope, const at::Tensor& output) const override {
    AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "scale_and_bend", [&] {
      using T = scalar_t;
      for_groups(x, [&](int64_t group) {
        const Matrix<T> of(x, group);
        for_tiles(of.rows, of.columns, [&](const Tile& tile) {
          scale_tile<T>(tile, of.values(x), of.numbers(factor), of.numbers(offset),
                        static_cast<T>(slope), of.values(output));
        });
      });
    });
  }

  void sum_gradients(const NormGradient& of, const at::Tensor& mean, const at::Tensor& sum,
                     const at::Tensor& dot) const override {
    AT_DISPATCH_FLOATING_TYPES(of.x.scalar_type(), "sum_gradients", [&] {
      using T = scalar_t;
      for_groups(of.x, [&](int64_t group) {
        const Matrix<T> one(of.x, group);
        const auto sum_one = [&](const Tile& tile, T* sums, T* dots) {
          sum_tile<T>(tile, one.slopes(of), one.numbers(mean), sums, dots);
        };
        sum_tiles<T>(one, sum_one, one.numbers(sum), one.numbers(dot));
      });
    });
  }

  void combine(const NormGradient& of, const at::Tensor& factor, const at::Tensor& along,
               const at::Tensor& offset, const at::Tensor& into) const override {
    AT_DISPATCH_FLOATING_TYPES(of.x.scalar_type(), "combine", [&] {
      using T = scalar_t;
      for_groups(of.x, [&](int64_t group) {
        const Matrix<T> one(of.x, group);
        for_tiles(one.rows, one.columns, [&](const Tile& tile) {
          combine_tile<T>(tile, one.slopes(of), one.numbers(factor), one.numbers(along),
                          one.numbers(offset), one.values(into));
        });
      });
    });
  }
};

}  // namespace

const NormKernels& norm_kernels_of_cpu() {
  static const CpuNormKernels kernels;
  return kernels;
}

const NormKernels* norm_kernels(const at::Device& device) {
  if (device.is_cpu()) return &norm_kernels_of_cpu();
  return accelerator() == nullptr ? nullptr : accelerator()->norm_kernels(device);
}

std::string norm_kernels_off(const at::Device& device) {
  if (norm_kernels(device) != nullptr) return "";
  return accelerator() == nullptr ? accelerator_off() : accelerator()->kernels_off(device);
}

}  // namespace sparring
