#include "core/step/rewrites/layer_norm_kernels.h"

#include <ATen/Dispatch.h>

#include <cmath>

#include "core/step/rewrites/norm_tiles.h"
#include "core/wide.h"

namespace sparring {
namespace {

// Values of a sample that stay in the nearest cache together.
constexpr int64_t kPiece = 2048;
// Sums side by side, as an order that is not the loop's has to be said.
constexpr int64_t kLanes = 16;

struct Piece {
  int64_t begin, end;
};

// Calls work(piece, number) for the pieces of a sample, side by side where it is alone.
template <class Work>
void for_pieces(int64_t count, const Work& work) {
  const int64_t pieces = (count + kPiece - 1) / kPiece;
  at::parallel_for(0, pieces, 8, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) {
      work(Piece{i * kPiece, std::min(count, (i + 1) * kPiece)}, i);
    }
  });
}

// Means over a sample of what sum_one(piece, lanes) sums in so many ways, a row of lanes each; the
// pieces are added up in float64, and in their order.
template <class T, size_t kWays, class SumOne>
std::array<double, kWays> means_of(int64_t count, const SumOne& sum_one) {
  std::vector<std::array<double, kWays>> parts((count + kPiece - 1) / kPiece);
  for_pieces(count, [&](const Piece& piece, int64_t i) {
    T lanes[kWays][kLanes];
    sum_one(piece, lanes);
    for (size_t way = 0; way < kWays; ++way) {
      parts[i][way] = 0;
      for (const T lane : lanes[way]) parts[i][way] += static_cast<double>(lane);
    }
  });
  std::array<double, kWays> means{};
  for (const auto& part : parts) {
    for (size_t way = 0; way < kWays; ++way) means[way] += part[way] / static_cast<double>(count);
  }
  return means;
}

template <class T>
SPARRING_WIDE void sum_values(const Piece& piece, const T* x, T (*into)[kLanes]) {
  T lanes[kLanes] = {};
  int64_t i = piece.begin;
  for (; i + kLanes <= piece.end; i += kLanes) {
    for (int64_t k = 0; k < kLanes; ++k) lanes[k] += x[i + k];
  }
  for (; i < piece.end; ++i) lanes[0] += x[i];
  for (int64_t k = 0; k < kLanes; ++k) into[0][k] = lanes[k];
}

template <class T>
SPARRING_WIDE void sum_squares(const Piece& piece, const T* x, T mean, T (*into)[kLanes]) {
  T lanes[kLanes] = {};
  int64_t i = piece.begin;
  for (; i + kLanes <= piece.end; i += kLanes) {
    for (int64_t k = 0; k < kLanes; ++k) lanes[k] += (x[i + k] - mean) * (x[i + k] - mean);
  }
  for (; i < piece.end; ++i) lanes[0] += (x[i] - mean) * (x[i] - mean);
  for (int64_t k = 0; k < kLanes; ++k) into[0][k] = lanes[k];
}

// A sample's mean, and 1 / its standard deviation.
template <class T>
struct Scaling {
  T mean, scale;
};

template <class T>
SPARRING_WIDE void scale_piece(const Piece& piece, const T* x, const Scaling<T>& by,
                               const T* weight, const T* bias, T slope, T* output) {
  const auto [mean, scale] = by;
  SPARRING_APART
  for (int64_t i = piece.begin; i < piece.end; ++i) {
    const T value = (x[i] - mean) * scale * weight[i] + bias[i];
    output[i] = value > 0 ? value : value * slope;
  }
}

// h, and h · (x - mean).
template <class T>
SPARRING_WIDE void sum_gradients(const Piece& piece, const Slopes<T>& of, const T* weight, T mean,
                                 T (*into)[kLanes]) {
  const auto [gradient, output, x, slope] = of;
  T sums[kLanes] = {}, dots[kLanes] = {};
  int64_t i = piece.begin;
  for (; i + kLanes <= piece.end; i += kLanes) {
    for (int64_t k = 0; k < kLanes; ++k) {
      const T h = gradient[i + k] * (output[i + k] > 0 ? T(1) : slope) * weight[i + k];
      sums[k] += h;
      dots[k] += h * (x[i + k] - mean);
    }
  }
  for (; i < piece.end; ++i) {
    const T h = gradient[i] * (output[i] > 0 ? T(1) : slope) * weight[i];
    sums[0] += h;
    dots[0] += h * (x[i] - mean);
  }
  for (int64_t k = 0; k < kLanes; ++k) {
    into[0][k] = sums[k];
    into[1][k] = dots[k];
  }
}

// into = h · factor + (x - mean) · along + offset.
template <class T>
struct LayerCombination {
  T mean, factor, along, offset;
};

template <class T>
SPARRING_WIDE void combine_piece(const Piece& piece, const Slopes<T>& of, const T* weight,
                                 const LayerCombination<T>& by, T* into) {
  const auto [gradient, output, x, slope] = of;
  const auto [mean, factor, along, offset] = by;
  SPARRING_APART
  for (int64_t i = piece.begin; i < piece.end; ++i) {
    const T h = gradient[i] * (output[i] > 0 ? T(1) : slope) * weight[i];
    into[i] = h * factor + (x[i] - mean) * along + offset;
  }
}

// What a sample adds to the gradients of the weight and the bias.
template <class T>
SPARRING_WIDE void add_factors(const Piece& piece, const Slopes<T>& of, const Scaling<T>& by,
                               T* __restrict__ at_weight, T* __restrict__ at_bias) {
  const auto [gradient, output, x, slope] = of;
  const auto [mean, scale] = by;
  for (int64_t i = piece.begin; i < piece.end; ++i) {
    const T g = gradient[i] * (output[i] > 0 ? T(1) : slope);
    at_weight[i] += g * (x[i] - mean) * scale;
    at_bias[i] += g;
  }
}

// v, v · (x - mean), and v · h.
template <class T>
SPARRING_WIDE void sum_again(const Piece& piece, const Slopes<T>& of, const T* v, const T* weight,
                             T mean, T (*into)[kLanes]) {
  const auto [gradient, output, x, slope] = of;
  T sums[kLanes] = {}, dots[kLanes] = {}, products[kLanes] = {};
  int64_t i = piece.begin;
  for (; i + kLanes <= piece.end; i += kLanes) {
    for (int64_t k = 0; k < kLanes; ++k) {
      const T h = gradient[i + k] * (output[i + k] > 0 ? T(1) : slope) * weight[i + k];
      sums[k] += v[i + k];
      dots[k] += v[i + k] * (x[i + k] - mean);
      products[k] += v[i + k] * h;
    }
  }
  for (; i < piece.end; ++i) {
    const T h = gradient[i] * (output[i] > 0 ? T(1) : slope) * weight[i];
    sums[0] += v[i];
    dots[0] += v[i] * (x[i] - mean);
    products[0] += v[i] * h;
  }
  for (int64_t k = 0; k < kLanes; ++k) {
    into[0][k] = sums[k];
    into[1][k] = dots[k];
    into[2][k] = products[k];
  }
}

// The means in the formulas of norm_second.h, and what they multiply.
template <class T>
struct AgainFactors {
  T mean, scale, mean_v, mean_vn, mean_h, mean_hn, along_normal;
};

template <class T>
SPARRING_WIDE void combine_again(const Piece& piece, const Slopes<T>& of, const T* v,
                                 const T* weight, const AgainFactors<T>& by,
                                 T* __restrict__ at_gradient, T* __restrict__ at_x,
                                 T* __restrict__ at_weight) {
  const auto [gradient, output, x, slope] = of;
  const auto [mean, scale, mean_v, mean_vn, mean_h, mean_hn, along_normal] = by;
  const T squared = -scale * scale;
  for (int64_t i = piece.begin; i < piece.end; ++i) {
    const T bend = output[i] > 0 ? T(1) : slope, g = gradient[i] * bend;
    const T normal = (x[i] - mean) * scale, apart = v[i] - mean_v;
    const T straight = scale * (apart - normal * mean_vn);
    at_gradient[i] = bend * weight[i] * straight;
    at_x[i] =
        squared * (mean_hn * apart + mean_vn * (weight[i] * g - mean_h) + normal * along_normal);
    at_weight[i] += g * straight;
  }
}

// Each thread's own sums over its samples, [threads, ways, values], from zero. Calls work(matrix,
// sums) for each sample; a lone one shares its pieces out instead.
template <class T, class Work>
at::Tensor summed_over_samples(const at::Tensor& x, int64_t ways, const Work& work) {
  const int64_t samples = x.size(0), values = x.size(1) * x.size(2);
  const int64_t threads = std::min<int64_t>(samples, std::max(1, at::get_num_threads()));
  const int64_t each = (samples + threads - 1) / threads;
  const at::Tensor sums = at::zeros({threads, ways, values}, x.options().requires_grad(false));
  const auto work_of = [&](int64_t thread) {
    T* const own = sums.mutable_data_ptr<T>() + thread * ways * values;
    for (int64_t i = thread * each; i < std::min(samples, (thread + 1) * each); ++i) {
      work(SampleMatrix<T>(x, i), own);
    }
  };
  if (threads == 1) {
    work_of(0);
  } else {
    at::parallel_for(0, threads, 1, [&](int64_t first, int64_t last) {
      for (int64_t thread = first; thread < last; ++thread) work_of(thread);
    });
  }
  return threads == 1 ? sums[0] : sums.sum(0);
}

template <class T>
void normalize_layer(const SampleMatrix<T>& one, const T* x, const SampleNormRule& rule,
                     double slope, Scaling<T>& found, T* output) {
  const int64_t count = one.rows * one.columns;
  const auto [mean] = means_of<T, 1>(
      count, [&](const Piece& piece, auto* lanes) { sum_values<T>(piece, x, lanes); });
  found.mean = static_cast<T>(mean);
  const auto [variance] = means_of<T, 1>(
      count, [&](const Piece& piece, auto* lanes) { sum_squares<T>(piece, x, found.mean, lanes); });
  found.scale = static_cast<T>(1 / std::sqrt(variance + rule.eps));
  const T *weight = rule.weight.const_data_ptr<T>(), *bias = rule.bias.const_data_ptr<T>();
  for_pieces(count, [&](const Piece& piece, int64_t) {
    scale_piece<T>(piece, x, found, weight, bias, static_cast<T>(slope), output);
  });
}

template <class T>
void combine_layer(int64_t count, const Slopes<T>& of, const T* weight, const Scaling<T>& by,
                   double mean_h, double mean_hn, T* at_x) {
  const double scale = by.scale;
  const LayerCombination<T> factors{by.mean, by.scale, static_cast<T>(-mean_hn * scale * scale),
                                    static_cast<T>(-mean_h * scale)};
  for_pieces(count, [&](const Piece& piece, int64_t) {
    combine_piece<T>(piece, of, weight, factors, at_x);
  });
}

template <class T>
void differentiate_layer(const SampleMatrix<T>& one, const NormGradient& of,
                         const SampleNumbers& by, const NormSums& sums, const at::Tensor& at_x) {
  const int64_t count = one.rows * one.columns;
  const Slopes<T> slopes = one.slopes(of);
  const Scaling<T> scaling{one.number(by.mean), one.number(by.scale)};
  const T* const weight = by.weight.const_data_ptr<T>();
  const auto [mean_h, mean_dot] = means_of<T, 2>(count, [&](const Piece& piece, auto* lanes) {
    sum_gradients<T>(piece, slopes, weight, scaling.mean, lanes);
  });
  const double mean_hn = mean_dot * scaling.scale;
  one.number(sums.sum) = static_cast<T>(mean_h * count);
  one.number(sums.dot) = static_cast<T>(mean_hn * count);
  if (!at_x.defined()) return;
  combine_layer<T>(count, slopes, weight, scaling, mean_h, mean_hn, one.values(at_x));
}

template <class T>
void differentiate_layer_again(const SampleMatrix<T>& one, const NormGradient& of, const T* v,
                               const NormNumbers& by, const SecondDerivatives& into, T* at_weight) {
  const int64_t count = one.rows * one.columns;
  const Slopes<T> slopes = one.slopes(of);
  const T mean = one.number(by.mean), scale = one.number(by.scale);
  const T* const weight = by.weight.const_data_ptr<T>();
  const auto [mean_v, mean_dot, mean_vh] =
      means_of<T, 3>(count, [&](const Piece& piece, auto* lanes) {
        sum_again<T>(piece, slopes, v, weight, mean, lanes);
      });
  const double mean_vn = mean_dot * scale, values = static_cast<double>(count);
  const double mean_h = one.number(by.sum) / values, mean_hn = one.number(by.dot) / values;
  const double along_normal = mean_vh - mean_v * mean_h - 3 * mean_vn * mean_hn;
  const AgainFactors<T> factors{mean,
                                scale,
                                static_cast<T>(mean_v),
                                static_cast<T>(mean_vn),
                                static_cast<T>(mean_h),
                                static_cast<T>(mean_hn),
                                static_cast<T>(along_normal)};
  for_pieces(count, [&](const Piece& piece, int64_t) {
    combine_again<T>(piece, slopes, v, weight, factors, one.values(into.at_gradient),
                     one.values(into.at_x), at_weight);
  });
}

}  // namespace

void normalize_layers(const at::Tensor& x, const SampleNormRule& rule, double slope,
                      const at::Tensor& mean, const at::Tensor& scale, const at::Tensor& output) {
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "normalize_layers", [&] {
    using T = scalar_t;
    for_samples<T>(x, [&](const SampleMatrix<T>& one) {
      Scaling<T> found;
      normalize_layer<T>(one, one.values(x), rule, slope, found, one.values(output));
      one.number(mean) = found.mean;
      one.number(scale) = found.scale;
    });
  });
}

void differentiate_layers(const NormGradient& of, const SampleNumbers& by, const NormSums& sums,
                          const SampleDerivatives& into) {
  AT_DISPATCH_FLOATING_TYPES(of.x.scalar_type(), "differentiate_layers", [&] {
    using T = scalar_t;
    const auto differentiate = [&](const SampleMatrix<T>& one) {
      differentiate_layer<T>(one, of, by, sums, into.at_x);
    };
    if (!into.at_weight.defined()) return for_samples<T>(of.x, differentiate);
    const int64_t values = into.at_weight.numel();
    const at::Tensor found =
        summed_over_samples<T>(of.x, 2, [&](const SampleMatrix<T>& one, T* own) {
          differentiate(one);
          const Slopes<T> slopes = one.slopes(of);
          const Scaling<T> scaling{one.number(by.mean), one.number(by.scale)};
          for_pieces(values, [&](const Piece& piece, int64_t) {
            add_factors<T>(piece, slopes, scaling, own, own + values);
          });
        });
    into.at_weight.copy_(found[0].view(into.at_weight.sizes()));
    into.at_bias.copy_(found[1].view(into.at_bias.sizes()));
  });
}

void differentiate_layers_again(const NormGradient& of, const at::Tensor& v, const NormNumbers& by,
                                const SecondDerivatives& into) {
  AT_DISPATCH_FLOATING_TYPES(of.x.scalar_type(), "differentiate_layers_again", [&] {
    using T = scalar_t;
    const at::Tensor found =
        summed_over_samples<T>(of.x, 1, [&](const SampleMatrix<T>& one, T* own) {
          differentiate_layer_again<T>(one, of, one.values(v), by, into, own);
        });
    into.at_weight.copy_(found[0].view(into.at_weight.sizes()));
  });
}

}  // namespace sparring
