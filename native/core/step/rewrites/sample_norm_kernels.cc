#include "core/step/rewrites/sample_norm_kernels.h"

#include <ATen/Dispatch.h>

#include <cmath>

#include "core/step/rewrites/layer_norm_kernels.h"
#include "core/step/rewrites/norm_loops.h"

namespace sparring {
namespace {

// Mean and variance of each column as those of its group; the variance as its scale.
template <class T>
void share_statistics(const SampleMatrix<T>& one, const SampleNormRule& rule, T* mean, T* scale) {
  const Shares shares{1, one.columns, rule.groups};
  const auto means = shared_means(shares, [&](int64_t i) { return double(mean[i]); });
  const auto variances = shared_means(shares, [&](int64_t i) {
    const double apart = mean[i] - means[i];
    return scale[i] + apart * apart;
  });
  for (int64_t i = 0; i < one.columns; ++i) {
    mean[i] = static_cast<T>(means[i]);
    scale[i] = static_cast<T>(1 / std::sqrt(variances[i] + rule.eps));
  }
}

template <class T>
void normalize_sample(const SampleMatrix<T>& one, const T* x, const SampleNormRule& rule,
                      double slope, T* mean, T* scale, T* output) {
  take_statistics_of<T>(one, x, mean, scale);
  share_statistics(one, rule, mean, scale);
  const T *weight = rule.weight.const_data_ptr<T>(), *bias = rule.bias.const_data_ptr<T>();
  std::vector<T> factor(one.columns);
  for (int64_t i = 0; i < one.columns; ++i) factor[i] = scale[i] * weight[i];
  scale_and_bend_of<T>(one, x, {mean, factor.data(), bias}, static_cast<T>(slope), output);
}

// dx = scale · (h - mean(h) - normal · mean(h · normal)), with h = weight · g, and means over what
// shares statistics.
template <class T>
void combine_sample(const SampleMatrix<T>& one, const Slopes<T>& of, const SampleNumbers& by,
                    const T* sum, const T* dot, T* at_x) {
  const T *weight = by.weight.const_data_ptr<T>(), *mean = one.numbers(by.mean),
          *scale = one.numbers(by.scale);
  const Shares shares{one.rows, one.columns, by.groups};
  const auto mean_of = [&](const T* sums) {
    return shared_means(shares, [&](int64_t i) { return double(weight[i]) * sums[i]; });
  };
  const std::vector<double> mean_h = mean_of(sum), mean_hn = mean_of(dot);
  std::vector<T> factor(one.columns), along(one.columns), offset(one.columns);
  for (int64_t i = 0; i < one.columns; ++i) {
    factor[i] = scale[i] * weight[i];
    along[i] = static_cast<T>(-mean_hn[i] * scale[i] * scale[i]);
    offset[i] = static_cast<T>(-mean_h[i] * scale[i]);
  }
  combine_of<T>(one, of, {factor.data(), {mean, along.data(), offset.data()}}, at_x);
}

}  // namespace

void normalize_samples(const at::Tensor& x, const SampleNormRule& rule, double slope,
                       const at::Tensor& mean, const at::Tensor& scale, const at::Tensor& output) {
  if (is_of_layer(rule.weight)) return normalize_layers(x, rule, slope, mean, scale, output);
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "normalize_samples", [&] {
    for_samples<scalar_t>(x, [&](const SampleMatrix<scalar_t>& one) {
      normalize_sample<scalar_t>(one, one.values(x), rule, slope, one.numbers(mean),
                                 one.numbers(scale), one.values(output));
    });
  });
}

void differentiate_samples(const NormGradient& of, const SampleNumbers& by, const NormSums& sums,
                           const SampleDerivatives& into) {
  if (is_of_layer(by.weight)) return differentiate_layers(of, by, sums, into);
  AT_DISPATCH_FLOATING_TYPES(of.x.scalar_type(), "differentiate_samples", [&] {
    using T = scalar_t;
    for_samples<T>(of.x, [&](const SampleMatrix<T>& one) {
      T *of_g = one.numbers(sums.sum), *along_normal = one.numbers(sums.dot);
      const T* scale = one.numbers(by.scale);
      sum_gradients_of<T>(one, one.slopes(of), one.numbers(by.mean), of_g, along_normal);
      for (int64_t i = 0; i < one.columns; ++i) along_normal[i] *= scale[i];
      if (!into.at_x.defined()) return;
      combine_sample<T>(one, one.slopes(of), by, of_g, along_normal, one.values(into.at_x));
    });
  });
  if (!into.at_weight.defined()) return;
  into.at_weight.copy_(sums.dot.sum(0));
  into.at_bias.copy_(sums.sum.sum(0));
}

}  // namespace sparring
