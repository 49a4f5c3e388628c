#include "core/step/rewrites/norm_second.h"

#include <ATen/Dispatch.h>

#include "core/step/rewrites/layer_norm_kernels.h"
#include "core/step/rewrites/norm_tiles.h"
#include "core/wide.h"

namespace sparring {
namespace {

template <class T>
SPARRING_WIDE void sum_second_tile(const Tile& tile, const Slopes<T>& of, const T* v, const T* mean,
                                   T* sum, T* dot, T* product) {
  const int64_t columns = tile.columns;
  for_columns(columns, [&](auto width, int64_t first) SPARRING_INLINE {
    const auto [gradient, output, x, slope] = of;
    T middle[kWidest], sums[kWidest], dots[kWidest], products[kWidest];
    for (int64_t i = 0; i < width; ++i) {
      middle[i] = mean[first + i];
      sums[i] = dots[i] = products[i] = 0;
    }
    for (int64_t row = tile.begin; row < tile.end; ++row) {
      const int64_t at = row * columns + first;
      for (int64_t i = 0; i < width; ++i) {
        const T g = gradient[at + i] * (output[at + i] > 0 ? T(1) : slope), value = v[at + i];
        sums[i] += value;
        dots[i] += value * (x[at + i] - middle[i]);
        products[i] += value * g;
      }
    }
    for (int64_t i = 0; i < width; ++i) {
      sum[first + i] = sums[i];
      dot[first + i] = dots[i];
      product[first + i] = products[i];
    }
  });
}

// Sums over the rows of v, v · (x - mean) and v · g.
template <class T>
struct SecondSums {
  explicit SecondSums(int64_t columns) : sum(columns), dot(columns), product(columns) {}
  std::vector<T> sum, dot, product;
};

// Factors column by column, and what is added, for
//   at_gradient = leaky'(...) · (v · v_to_gradient + lines of x)
//   at_x = v · v_to_x + g · g_to_x + other lines of x
template <class T>
struct SecondFactors {
  explicit SecondFactors(int64_t columns)
      : v_to_gradient(columns),
        x_to_gradient(columns),
        to_gradient(columns),
        v_to_x(columns),
        g_to_x(columns),
        x_to_x(columns),
        to_x(columns) {}
  std::vector<T> v_to_gradient, x_to_gradient, to_gradient;
  std::vector<T> v_to_x, g_to_x, x_to_x, to_x;
};

// Their values.
template <class T>
struct Factors {
  Factors(const SecondFactors<T>& by, const T* mean)
      : v_to_gradient(by.v_to_gradient.data()),
        v_to_x(by.v_to_x.data()),
        g_to_x(by.g_to_x.data()),
        to_gradient{mean, by.x_to_gradient.data(), by.to_gradient.data()},
        to_x{mean, by.x_to_x.data(), by.to_x.data()} {}
  const T *v_to_gradient, *v_to_x, *g_to_x;
  Lines<T> to_gradient, to_x;
};

template <class T>
SPARRING_WIDE void combine_second_tile(const Tile& tile, const Slopes<T>& of, const T* v,
                                       const Factors<T>& by, T* at_gradient, T* at_x) {
  const int64_t columns = tile.columns;
  for_columns(columns, [&](auto width, int64_t first) SPARRING_INLINE {
    const auto [gradient, output, x, slope] = of;
    const OwnLines<T> to_gradient(by.to_gradient, width, first), to_x(by.to_x, width, first);
    T v_to_gradient[kWidest], v_to_x[kWidest], g_to_x[kWidest];
    for (int64_t i = 0; i < width; ++i) {
      v_to_gradient[i] = by.v_to_gradient[first + i];
      v_to_x[i] = by.v_to_x[first + i];
      g_to_x[i] = by.g_to_x[first + i];
    }
    for (int64_t row = tile.begin; row < tile.end; ++row) {
      const int64_t at = row * columns + first;
      T* __restrict__ own_gradient = at_gradient + at, * __restrict__ own_x = at_x + at;
      SPARRING_APART
      for (int64_t i = 0; i < width; ++i) {
        const T bend = output[at + i] > 0 ? T(1) : slope, g = gradient[at + i] * bend;
        const T value = v[at + i], input = x[at + i];
        own_gradient[i] = bend * (value * v_to_gradient[i] + to_gradient.at(i, input));
        own_x[i] = value * v_to_x[i] + g * g_to_x[i] + to_x.at(i, input);
      }
    }
  });
}

// A NormNumbers' values for one matrix.
template <class T>
struct NumbersOf {
  NumbersOf(const SampleMatrix<T>& one, const NormNumbers& by)
      : weight(by.weight.const_data_ptr<T>()),
        mean(one.numbers(by.mean)),
        scale(one.numbers(by.scale)),
        sum(one.numbers(by.sum)),
        dot(one.numbers(by.dot)),
        groups(by.groups) {}
  const T *weight, *mean, *scale, *sum, *dot;
  int64_t groups;
};

template <class T>
SecondSums<T> second_sums(const SampleMatrix<T>& one, const Slopes<T>& of, const T* v,
                          const T* mean) {
  SecondSums<T> sums(one.columns);
  const auto sum_one = [&](const Tile& tile, const std::array<T*, 3>& ways) {
    sum_second_tile<T>(tile, of, v, mean, ways[0], ways[1], ways[2]);
  };
  sum_tiles<T, 3>(one, sum_one, {sums.sum.data(), sums.dot.data(), sums.product.data()});
  return sums;
}

// The factors of norm_second.h's formulas, and the weight's derivative.
template <class T>
SecondFactors<T> second_factors(const SampleMatrix<T>& one, const SecondSums<T>& of_v,
                                const NumbersOf<T>& by, T* at_weight) {
  const Shares shares{one.rows, one.columns, by.groups};
  const auto mean_of = [&](const auto& sum_of) { return shared_means(shares, sum_of); };
  const auto weighted = [&](const T* sums) {
    return mean_of([&, sums](int64_t i) { return double(by.weight[i]) * sums[i]; });
  };
  const auto mean_v = mean_of([&](int64_t i) { return double(of_v.sum[i]); });
  const auto mean_vn = mean_of([&](int64_t i) { return double(of_v.dot[i]) * by.scale[i]; });
  const auto mean_h = weighted(by.sum), mean_hn = weighted(by.dot);
  const auto mean_vh = weighted(of_v.product.data());

  SecondFactors<T> found(one.columns);
  for (int64_t i = 0; i < one.columns; ++i) {
    const double weight = by.weight[i], scale = by.scale[i];
    const double factor = scale * weight, squared = -scale * scale;
    const double x_to_gradient = -factor * scale * mean_vn[i], v_to_x = squared * mean_hn[i];
    const double x_to_x =
        squared * scale * (mean_vh[i] - mean_v[i] * mean_h[i] - 3 * mean_vn[i] * mean_hn[i]);
    found.v_to_gradient[i] = static_cast<T>(factor);
    found.x_to_gradient[i] = static_cast<T>(x_to_gradient);
    found.to_gradient[i] = static_cast<T>(-factor * mean_v[i]);
    found.v_to_x[i] = static_cast<T>(v_to_x);
    found.g_to_x[i] = static_cast<T>(squared * mean_vn[i] * weight);
    found.x_to_x[i] = static_cast<T>(x_to_x);
    found.to_x[i] = static_cast<T>(-v_to_x * mean_v[i] - squared * mean_vn[i] * mean_h[i]);
    at_weight[i] =
        static_cast<T>(scale * (of_v.product[i] - mean_v[i] * by.sum[i] - mean_vn[i] * by.dot[i]));
  }
  return found;
}

}  // namespace

void differentiate_again(const NormGradient& of, const at::Tensor& v, const NormNumbers& by,
                         const SecondDerivatives& into) {
  if (is_of_layer(by.weight)) return differentiate_layers_again(of, v, by, into);
  const bool is_batch = of.x.dim() == 2;
  const at::Tensor at_weight = is_batch ? into.at_weight : at::empty_like(by.mean);
  AT_DISPATCH_FLOATING_TYPES(of.x.scalar_type(), "differentiate_again", [&] {
    using T = scalar_t;
    for_samples<T>(of.x, [&](const SampleMatrix<T>& one) {
      const Slopes<T> slopes = one.slopes(of);
      const NumbersOf<T> numbers(one, by);
      const SecondSums<T> sums = second_sums<T>(one, slopes, one.values(v), numbers.mean);
      const SecondFactors<T> factors =
          second_factors<T>(one, sums, numbers, one.numbers(at_weight));
      const Factors<T> values(factors, numbers.mean);
      for_tiles(one.rows, one.columns, [&](const Tile& tile) {
        combine_second_tile<T>(tile, slopes, one.values(v), values, one.values(into.at_gradient),
                               one.values(into.at_x));
      });
    });
  });
  if (!is_batch) into.at_weight.copy_(at_weight.sum(0));
}

}  // namespace sparring
