#include "core/step/rewrites/norm_second.h"

#include <ATen/Dispatch.h>

#include "core/step/rewrites/norm_tiles.h"
#include "core/wide.h"

namespace sparring {
namespace {

template <class T>
SPARRING_WIDE void sum_second_tile(const Tile& tile, const Slopes<T>& of, const T* v, const T* mean,
                                   T* sum, T* dot, T* product) {
  const auto [begin, end, columns] = tile;
  const auto [gradient, output, x, slope] = of;
  for (int64_t i = 0; i < columns; ++i) sum[i] = dot[i] = product[i] = 0;
  for (int64_t row = begin; row < end; ++row) {
    const int64_t at = row * columns;
    for (int64_t i = 0; i < columns; ++i) {
      const T g = gradient[at + i] * (output[at + i] > 0 ? T(1) : slope), value = v[at + i];
      sum[i] += value;
      dot[i] += value * (x[at + i] - mean[i]);
      product[i] += value * g;
    }
  }
}

// A SecondFactors' numbers for one group, in its order.
template <class T>
using Factors = std::array<const T*, 7>;

template <class T>
Factors<T> factors_of(const Matrix<T>& one, const SecondFactors& by) {
  return {one.numbers(by.v_to_gradient), one.numbers(by.x_to_gradient), one.numbers(by.to_gradient),
          one.numbers(by.v_to_x),        one.numbers(by.g_to_x),        one.numbers(by.x_to_x),
          one.numbers(by.to_x)};
}

template <class T>
SPARRING_WIDE void combine_second_tile(const Tile& tile, const Slopes<T>& of, const T* v,
                                       const Factors<T>& by, T* __restrict__ at_gradient,
                                       T* __restrict__ at_x) {
  const auto [begin, end, columns] = tile;
  const auto [gradient, output, x, slope] = of;
  const auto [v_to_gradient, x_to_gradient, to_gradient, v_to_x, g_to_x, x_to_x, to_x] = by;
  for (int64_t row = begin; row < end; ++row) {
    const int64_t at = row * columns;
    for (int64_t i = 0; i < columns; ++i) {
      const T bend = output[at + i] > 0 ? T(1) : slope, g = gradient[at + i] * bend;
      const T value = v[at + i], input = x[at + i];
      at_gradient[at + i] =
          bend * (value * v_to_gradient[i] + input * x_to_gradient[i] + to_gradient[i]);
      at_x[at + i] = value * v_to_x[i] + g * g_to_x[i] + input * x_to_x[i] + to_x[i];
    }
  }
}

}  // namespace

void sum_second(const NormGradient& of, const at::Tensor& v, const at::Tensor& mean,
                const SecondSums& into) {
  AT_DISPATCH_FLOATING_TYPES(of.x.scalar_type(), "sum_second", [&] {
    using T = scalar_t;
    for_groups(of.x, [&](int64_t group) {
      const Matrix<T> one(of.x, group);
      const auto sum_one = [&](const Tile& tile, const std::array<T*, 3>& ways) {
        sum_second_tile<T>(tile, one.slopes(of), one.values(v), one.numbers(mean), ways[0], ways[1],
                           ways[2]);
      };
      sum_tiles<T, 3>(one, sum_one,
                      {one.numbers(into.sum), one.numbers(into.dot), one.numbers(into.product)});
    });
  });
}

void combine_second(const NormGradient& of, const at::Tensor& v, const SecondFactors& by,
                    const at::Tensor& at_gradient, const at::Tensor& at_x) {
  AT_DISPATCH_FLOATING_TYPES(of.x.scalar_type(), "combine_second", [&] {
    using T = scalar_t;
    for_groups(of.x, [&](int64_t group) {
      const Matrix<T> one(of.x, group);
      for_tiles(one.rows, one.columns, [&](const Tile& tile) {
        combine_second_tile<T>(tile, one.slopes(of), one.values(v), factors_of(one, by),
                               one.values(at_gradient), one.values(at_x));
      });
    });
  });
}

}  // namespace sparring
