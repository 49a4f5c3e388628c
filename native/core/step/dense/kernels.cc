#include "core/step/dense/kernels.h"

#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>

#include "core/step/dense/tanh.h"
#include "core/wide.h"

namespace sparring::dense {
namespace {

// Columns are worked off in blocks whose sums stay in the cache, and are shared out to threads.
constexpr int64_t kBlock = 64;
// Values that are worth another thread.
constexpr int64_t kGrain = 16384;

// A part of the columns of a matrix.
struct Columns {
  int64_t rows, stride, begin, end;
};

template <class Function>
void for_columns(const at::Tensor& matrix, const Function& function) {
  const int64_t rows = matrix.size(0), columns = matrix.size(1);
  const int64_t blocks = (columns + kBlock - 1) / kBlock;
  const int64_t grain = std::max<int64_t>(1, kGrain / (rows * kBlock));
  at::parallel_for(0, blocks, grain, [&](int64_t first, int64_t last) {
    for (int64_t block = first; block < last; ++block) {
      const int64_t begin = block * kBlock;
      function(Columns{rows, columns, begin, std::min(begin + kBlock, columns)});
    }
  });
}

template <class T>
T* data(const at::Tensor& tensor) {
  return tensor.defined() ? tensor.mutable_data_ptr<T>() : nullptr;
}

template <class T>
SPARRING_WIDE void add_bias(const Columns& part, T* values, const T* bias) {
  for (int64_t row = 0; row < part.rows; ++row) {
    T* line = values + row * part.stride;
    SPARRING_APART
    for (int64_t i = part.begin; i < part.end; ++i) line[i] += bias[i];
  }
}

template <class T>
SPARRING_WIDE void leak(const Columns& part, T* values, T slope) {
  for (int64_t row = 0; row < part.rows; ++row) {
    T* line = values + row * part.stride;
    for (int64_t i = part.begin; i < part.end; ++i) {
      line[i] = line[i] > 0 ? line[i] : line[i] * slope;
    }
  }
}

template <class T>
SPARRING_WIDE void unleak(const Columns& part, T* gradient, const T* output, T slope) {
  for (int64_t row = 0; row < part.rows; ++row) {
    T* line = gradient + row * part.stride;
    const T* out = output + row * part.stride;
    SPARRING_APART
    for (int64_t i = part.begin; i < part.end; ++i) line[i] *= out[i] > 0 ? T(1) : slope;
  }
}

// What was leaked makes room for what takes the same slopes.
template <class T>
SPARRING_WIDE void leak_as(const Columns& part, const T* values, T* output, T slope) {
  for (int64_t row = 0; row < part.rows; ++row) {
    const T* line = values + row * part.stride;
    T* out = output + row * part.stride;
    SPARRING_APART
    for (int64_t i = part.begin; i < part.end; ++i) out[i] = line[i] * (out[i] > 0 ? T(1) : slope);
  }
}

// Both ways at once: what was leaked becomes what it was, is mixed, and leaks again.
template <class T>
SPARRING_WIDE void leak_between(const Columns& part, const T* upper, const T* lower, const T* share,
                                T slope, T* out) {
  const T back = T(1) / slope;
  for (int64_t row = 0; row < part.rows; ++row) {
    const T *a = upper + row * part.stride, *b = lower + row * part.stride;
    const T of_a = share[row], of_b = T(1) - share[row];
    T* to = out + row * part.stride;
    SPARRING_APART
    for (int64_t i = part.begin; i < part.end; ++i) {
      const T x = a[i] > 0 ? a[i] : a[i] * back, y = b[i] > 0 ? b[i] : b[i] * back;
      const T between = of_a * x + of_b * y;
      to[i] = between > 0 ? between : between * slope;
    }
  }
}

template <class T>
SPARRING_WIDE void untanh(const Columns& part, T* gradient, const T* output) {
  for (int64_t row = 0; row < part.rows; ++row) {
    T* line = gradient + row * part.stride;
    const T* out = output + row * part.stride;
    SPARRING_APART
    for (int64_t i = part.begin; i < part.end; ++i) line[i] *= T(1) - out[i] * out[i];
  }
}

template <class T>
SPARRING_WIDE void unsigmoid(const Columns& part, T* gradient, const T* output) {
  for (int64_t row = 0; row < part.rows; ++row) {
    T* line = gradient + row * part.stride;
    const T* out = output + row * part.stride;
    SPARRING_APART
    for (int64_t i = part.begin; i < part.end; ++i) line[i] *= (T(1) - out[i]) * out[i];
  }
}

template <class T>
void undo(const Columns& part, const Nonlinearity& nonlinearity, T* gradient, const T* output) {
  switch (nonlinearity.curve) {
    case Curve::kLeakyRelu:
      return unleak<T>(part, gradient, output, static_cast<T>(nonlinearity.slope));
    case Curve::kTanh:
      return untanh<T>(part, gradient, output);
    case Curve::kSigmoid:
      return unsigmoid<T>(part, gradient, output);
    default:
      return;
  }
}

template <class T>
SPARRING_WIDE void add_rows(const Columns& part, int64_t first, int64_t last, const T* values,
                            T* sums) {
  for (int64_t row = first; row < last; ++row) {
    const T* line = values + row * part.stride + part.begin;
    SPARRING_APART
    for (int64_t i = 0; i < part.end - part.begin; ++i) sums[i] += line[i];
  }
}

// By halves: where fakes are one and reals the other, a bias that both push alike stays where it
// is, as in two passes (rewrites/both_bias.h).
template <class T>
void sum_rows(const Columns& part, const T* values, T* sums) {
  T first[kBlock] = {}, second[kBlock] = {};
  const int64_t half = part.rows / 2;
  add_rows<T>(part, 0, half, values, first);
  add_rows<T>(part, half, part.rows, values, second);
  for (int64_t i = part.begin; i < part.end; ++i) {
    sums[i] = first[i - part.begin] + second[i - part.begin];
  }
}

// libtorch's own forms, but for tanh of float32: its one is exact to the last bit, and slow.
void bend_all(const at::Tensor& values, const Nonlinearity& nonlinearity) {
  at::Tensor in_place = values;
  if (nonlinearity.curve == Curve::kSigmoid) at::sigmoid_(in_place);
  if (nonlinearity.curve != Curve::kTanh) return;
  if (values.scalar_type() != at::kFloat) {
    at::tanh_(in_place);
    return;
  }
  float* data = values.mutable_data_ptr<float>();
  at::parallel_for(0, values.numel(), kGrain, [data](int64_t begin, int64_t end) {
    tanh_in_place(data + begin, end - begin);
  });
}

// Mean and variance in two passes: the values are in the cache. The mean is that of distances from
// the first row: equal values have no rounding error.
template <class T>
SPARRING_WIDE void take_statistics(const Columns& part, const T* x, T* mean, T* variance) {
  for (int64_t i = part.begin; i < part.end; ++i) mean[i] = variance[i] = 0;
  for (int64_t row = 0; row < part.rows; ++row) {
    const T* line = x + row * part.stride;
    SPARRING_APART
    for (int64_t i = part.begin; i < part.end; ++i) mean[i] += line[i] - x[i];
  }
  const T rows = static_cast<T>(part.rows);
  SPARRING_APART
  for (int64_t i = part.begin; i < part.end; ++i) mean[i] = x[i] + mean[i] / rows;
  for (int64_t row = 0; row < part.rows; ++row) {
    const T* line = x + row * part.stride;
    SPARRING_APART
    for (int64_t i = part.begin; i < part.end; ++i) {
      const T apart = line[i] - mean[i];
      variance[i] += apart * apart;
    }
  }
  for (int64_t i = part.begin; i < part.end; ++i) variance[i] /= rows;
}

// Updates the running statistics. As in torch, the running variance is the unbiased one.
template <class T>
void run_on(const Columns& part, const T* mean, const T* variance, double momentum, T* running_mean,
            T* running_var) {
  if (running_mean == nullptr) return;
  const T keep = static_cast<T>(1 - momentum), take = static_cast<T>(momentum);
  const T unbiased = static_cast<T>(part.rows) / static_cast<T>(part.rows - 1);
  SPARRING_APART
  for (int64_t i = part.begin; i < part.end; ++i) {
    running_mean[i] = take * mean[i] + keep * running_mean[i];
    running_var[i] = take * unbiased * variance[i] + keep * running_var[i];
  }
}

template <class T>
SPARRING_WIDE void scale_and_shift(const Columns& part, const T* x, const T* mean, const T* scale,
                                   const T* weight, const T* bias, T* output) {
  T factor[kBlock], offset[kBlock];
  for (int64_t i = part.begin; i < part.end; ++i) {
    factor[i - part.begin] = scale[i] * (weight == nullptr ? T(1) : weight[i]);
    offset[i - part.begin] = bias == nullptr ? T(0) : bias[i];
  }
  for (int64_t row = 0; row < part.rows; ++row) {
    const T* from = x + row * part.stride;
    T* to = output + row * part.stride;
    SPARRING_APART
    for (int64_t i = part.begin; i < part.end; ++i) {
      to[i] = (from[i] - mean[i]) * factor[i - part.begin] + offset[i - part.begin];
    }
  }
}

// scale_and_shift with a norm's own numbers, and the leaky part of what comes after it.
template <class T>
void scale_and_leak(const Columns& part, const T* x, const Norm& norm,
                    const Nonlinearity& nonlinearity, T* output) {
  scale_and_shift<T>(part, x, data<T>(norm.mean), data<T>(norm.scale), data<T>(norm.weight),
                     data<T>(norm.bias), output);
  if (nonlinearity.curve == Curve::kLeakyRelu) {
    leak<T>(part, output, static_cast<T>(nonlinearity.slope));
  }
}

// What was normalised, and by what.
template <class T>
struct Normalized {
  explicit Normalized(const WayBack& of)
      : x(data<T>(of.x)),
        mean(data<T>(of.norm.mean)),
        scale(data<T>(of.norm.scale)),
        weight(data<T>(of.norm.weight)) {}
  const T *x, *mean, *scale, *weight;  // the weight is null where there is none
};

// Sums over the rows of the gradient, and of the gradient times the normalised x.
template <class T>
SPARRING_WIDE void sum_gradients(const Columns& part, const Normalized<T>& of, const T* gradient,
                                 T* sum, T* dot) {
  const auto [x, mean, scale, weight] = of;
  for (int64_t i = 0; i < part.end - part.begin; ++i) sum[i] = dot[i] = 0;
  for (int64_t row = 0; row < part.rows; ++row) {
    const T* line = gradient + row * part.stride;
    const T* from = x + row * part.stride;
    SPARRING_APART
    for (int64_t i = part.begin; i < part.end; ++i) {
      sum[i - part.begin] += line[i];
      dot[i - part.begin] += line[i] * (from[i] - mean[i]);
    }
  }
  SPARRING_APART
  for (int64_t i = part.begin; i < part.end; ++i) dot[i - part.begin] *= scale[i];
}

template <class T>
void unbend_and_sum(const Columns& part, const WayBack& of, T* sum, T* dot) {
  undo<T>(part, of.nonlinearity, data<T>(of.gradient), data<T>(of.output));
  sum_gradients<T>(part, Normalized<T>(of), data<T>(of.gradient), sum, dot);
}

template <class T>
SPARRING_WIDE void denormalize(const Columns& part, const Normalized<T>& of, T* gradient,
                               const T* sum, const T* dot) {
  const auto [x, mean, scale, weight] = of;
  const T share = T(1) / static_cast<T>(part.rows);
  for (int64_t row = 0; row < part.rows; ++row) {
    T* line = gradient + row * part.stride;
    const T* from = x + row * part.stride;
    SPARRING_APART
    for (int64_t i = part.begin; i < part.end; ++i) {
      const T normal = (from[i] - mean[i]) * scale[i];
      const T factor = scale[i] * (weight == nullptr ? T(1) : weight[i]);
      const int64_t j = i - part.begin;
      line[i] = (line[i] - sum[j] * share - normal * dot[j] * share) * factor;
    }
  }
}

}  // namespace

void add_bias_and_bend(const at::Tensor& values, const at::Tensor& bias,
                       const Nonlinearity& nonlinearity) {
  AT_DISPATCH_FLOATING_TYPES(values.scalar_type(), "add_bias_and_bend", [&] {
    using T = scalar_t;
    for_columns(values, [&](const Columns& part) {
      if (bias.defined()) add_bias<T>(part, data<T>(values), data<T>(bias));
      if (nonlinearity.curve == Curve::kLeakyRelu) {
        leak<T>(part, data<T>(values), static_cast<T>(nonlinearity.slope));
      }
    });
  });
  bend_all(values, nonlinearity);
}

void unbend(const at::Tensor& gradient, const at::Tensor& output, const Nonlinearity& nonlinearity,
            const at::Tensor& sums) {
  AT_DISPATCH_FLOATING_TYPES(gradient.scalar_type(), "unbend", [&] {
    using T = scalar_t;
    for_columns(gradient, [&](const Columns& part) {
      undo<T>(part, nonlinearity, data<T>(gradient), data<T>(output));
      if (sums.defined()) sum_rows<T>(part, data<T>(gradient), data<T>(sums));
    });
  });
}

void take_place(const at::Tensor& values, const at::Tensor& output,
                const Nonlinearity& nonlinearity) {
  TORCH_INTERNAL_ASSERT(is_piecewise_linear(nonlinearity));
  const double slope = nonlinearity.curve == Curve::kNone ? 1 : nonlinearity.slope;
  AT_DISPATCH_FLOATING_TYPES(output.scalar_type(), "take_place", [&] {
    using T = scalar_t;
    for_columns(output, [&](const Columns& part) {
      leak_as<T>(part, data<T>(values), data<T>(output), static_cast<T>(slope));
    });
  });
}

bool is_piecewise_linear(const Nonlinearity& nonlinearity) {
  return nonlinearity.curve == Curve::kNone || nonlinearity.curve == Curve::kLeakyRelu;
}

bool is_invertible(const Nonlinearity& nonlinearity) {
  // What leaks through less might be rounded to nothing.
  constexpr double kLeast = 1e-6;
  return nonlinearity.curve == Curve::kNone ||
         (nonlinearity.curve == Curve::kLeakyRelu && nonlinearity.slope >= kLeast);
}

void bend_between(const at::Tensor& upper, const at::Tensor& lower, const at::Tensor& share,
                  const Nonlinearity& nonlinearity, const at::Tensor& out) {
  TORCH_INTERNAL_ASSERT(is_invertible(nonlinearity) && share.is_contiguous());
  const double slope = nonlinearity.curve == Curve::kNone ? 1 : nonlinearity.slope;
  AT_DISPATCH_FLOATING_TYPES(out.scalar_type(), "bend_between", [&] {
    using T = scalar_t;
    for_columns(out, [&](const Columns& part) {
      leak_between<T>(part, data<T>(upper), data<T>(lower), data<T>(share), static_cast<T>(slope),
                      data<T>(out));
    });
  });
}

void normalize_and_bend(const at::Tensor& x, const Norm& norm, const Nonlinearity& nonlinearity,
                        const at::Tensor& output) {
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "normalize_and_bend", [&] {
    using T = scalar_t;
    for_columns(x, [&](const Columns& part) {
      T *mean = data<T>(norm.mean), *scale = data<T>(norm.scale), *out = data<T>(output);
      take_statistics<T>(part, data<T>(x), mean, scale);
      run_on<T>(part, mean, scale, norm.momentum, data<T>(norm.running_mean),
                data<T>(norm.running_var));
      for (int64_t i = part.begin; i < part.end; ++i) {
        scale[i] = T(1) / std::sqrt(scale[i] + static_cast<T>(norm.eps));
      }
      scale_and_leak<T>(part, data<T>(x), norm, nonlinearity, out);
    });
  });
  bend_all(output, nonlinearity);
}

void take_statistics(const at::Tensor& x, const at::Tensor& mean, const at::Tensor& variance) {
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "take_statistics", [&] {
    for_columns(x, [&](const Columns& part) {
      take_statistics<scalar_t>(part, data<scalar_t>(x), data<scalar_t>(mean),
                                data<scalar_t>(variance));
    });
  });
}

void apply_norm_and_bend(const at::Tensor& x, const Norm& norm, const Nonlinearity& nonlinearity,
                         const at::Tensor& output) {
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "apply_norm_and_bend", [&] {
    for_columns(x, [&](const Columns& part) {
      scale_and_leak<scalar_t>(part, data<scalar_t>(x), norm, nonlinearity, data<scalar_t>(output));
    });
  });
  bend_all(output, nonlinearity);
}

void unbend_and_denormalize(const WayBack& of, const at::Tensor& weight_gradient,
                            const at::Tensor& bias_gradient) {
  AT_DISPATCH_FLOATING_TYPES(of.gradient.scalar_type(), "unbend_and_denormalize", [&] {
    using T = scalar_t;
    for_columns(of.gradient, [&](const Columns& part) {
      T sum[kBlock], dot[kBlock];
      unbend_and_sum<T>(part, of, sum, dot);
      if (weight_gradient.defined()) {
        std::copy_n(dot, part.end - part.begin, data<T>(weight_gradient) + part.begin);
      }
      if (bias_gradient.defined()) {
        std::copy_n(sum, part.end - part.begin, data<T>(bias_gradient) + part.begin);
      }
      denormalize<T>(part, Normalized<T>(of), data<T>(of.gradient), sum, dot);
    });
  });
}

void unbend_and_sum(const WayBack& of, const at::Tensor& sum, const at::Tensor& dot) {
  AT_DISPATCH_FLOATING_TYPES(of.gradient.scalar_type(), "unbend_and_sum", [&] {
    using T = scalar_t;
    for_columns(of.gradient, [&](const Columns& part) {
      unbend_and_sum<T>(part, of, data<T>(sum) + part.begin, data<T>(dot) + part.begin);
    });
  });
}

void denormalize(const WayBack& of, const at::Tensor& sum, const at::Tensor& dot) {
  AT_DISPATCH_FLOATING_TYPES(of.gradient.scalar_type(), "denormalize", [&] {
    using T = scalar_t;
    for_columns(of.gradient, [&](const Columns& part) {
      denormalize<T>(part, Normalized<T>(of), data<T>(of.gradient), data<T>(sum) + part.begin,
                     data<T>(dot) + part.begin);
    });
  });
}

}  // namespace sparring::dense
