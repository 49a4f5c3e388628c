#include "core/step/rewrites/modulation_kernels.h"

#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <vector>

#include "core/bfloat16_bits.h"
#include "core/wide.h"

namespace sparring {
namespace {

// Pixels of a sample that a thread takes at a time, and after which sums go on in float64.
constexpr int64_t kPixels = 128;
// Values that are worth another thread.
constexpr int64_t kGrain = 32768;

// What all pixels of a sample have in common, in the numbers that its values are computed in.
template <class Number>
struct Sample {
  const Number *factor, *bias, *noise;  // no noise: null
  Number strength, slope;
};

template <class T>
SPARRING_WIDE void shade_pixels(const Sample<Computed<T>>& of, const T* x, int64_t first,
                                int64_t pixels, int64_t channels, T* y) {
  using Number = Computed<T>;
  const auto [factor, bias, noise, strength, slope] = of;
  for (int64_t pixel = 0; pixel < pixels; ++pixel) {
    const Number more = noise == nullptr ? Number(0) : strength * noise[first + pixel];
    const T* from = x + pixel * channels;
    T* to = y + pixel * channels;
    SPARRING_APART
    for (int64_t i = 0; i < channels; ++i) {
      const Number value = loaded(from[i]) * factor[i] + (bias[i] + more);
      store(value > 0 ? value : value * slope, to[i]);
    }
  }
}

// Sums over pixels for each channel.
template <class Number>
struct Sums {
  Number *dot, *sum, *along;  // with x, by itself, and with the noise
};

// Four pixels at a time keep the sums in registers for longer. No two of the lines overlap, which
// are too many for the compiler to look whether they do.
template <class T>
SPARRING_WIDE void differentiate_pixels(const Sample<Computed<T>>& of, const T* gradient,
                                        const T* x, const T* y, int64_t first, int64_t pixels,
                                        int64_t channels, const Sums<Computed<T>>& sums, T* into) {
  using Number = Computed<T>;
  const auto bend = [slope = of.slope](T made)
                        SPARRING_INLINE { return loaded(made) > 0 ? Number(1) : slope; };
  const Number *factor = of.factor, *noise = of.noise;
  const auto [dot, sum, along] = sums;
  for (int64_t i = 0; i < channels; ++i) dot[i] = sum[i] = along[i] = 0;
  int64_t pixel = 0;
  for (; pixel + 4 <= pixels; pixel += 4) {
    const int64_t at = pixel * channels;
    const T *g0 = gradient + at, *g1 = g0 + channels, *g2 = g1 + channels, *g3 = g2 + channels;
    const T *x0 = x + at, *x1 = x0 + channels, *x2 = x1 + channels, *x3 = x2 + channels;
    const T *y0 = y + at, *y1 = y0 + channels, *y2 = y1 + channels, *y3 = y2 + channels;
    T *to0 = into + at, *to1 = to0 + channels, *to2 = to1 + channels, *to3 = to2 + channels;
    Number n[4] = {};
    if (noise != nullptr) std::copy_n(noise + first + pixel, 4, n);
    SPARRING_APART
    for (int64_t i = 0; i < channels; ++i) {
      const Number a = loaded(g0[i]) * bend(y0[i]), b = loaded(g1[i]) * bend(y1[i]);
      const Number c = loaded(g2[i]) * bend(y2[i]), d = loaded(g3[i]) * bend(y3[i]);
      dot[i] += (a * loaded(x0[i]) + b * loaded(x1[i])) + (c * loaded(x2[i]) + d * loaded(x3[i]));
      sum[i] += (a + b) + (c + d);
      along[i] += (a * n[0] + b * n[1]) + (c * n[2] + d * n[3]);
      store(a * factor[i], to0[i]);
      store(b * factor[i], to1[i]);
      store(c * factor[i], to2[i]);
      store(d * factor[i], to3[i]);
    }
  }
  for (; pixel < pixels; ++pixel) {
    const int64_t at = pixel * channels;
    const Number one = noise == nullptr ? Number(0) : noise[first + pixel];
    SPARRING_APART
    for (int64_t i = 0; i < channels; ++i) {
      const Number a = loaded(gradient[at + i]) * bend(y[at + i]);
      dot[i] += a * loaded(x[at + i]);
      sum[i] += a;
      along[i] += a * one;
      store(a * factor[i], into[at + i]);
    }
  }
}

// The samples of an image, and what shades them.
template <class Number>
class Samples {
 public:
  Samples(const at::Tensor& image, const Shade& by)
      : channels(image.size(1)),
        pixels(image.size(2) * image.size(3)),
        zeros_(by.bias.defined() ? 0 : channels),
        factors_(by.factors.const_data_ptr<Number>()),
        bias_(by.bias.defined() ? by.bias.const_data_ptr<Number>() : zeros_.data()),
        slope_(static_cast<Number>(by.slope)) {
    if (!by.noise.defined()) return;
    noise_ = by.noise.const_data_ptr<Number>();
    apart_ = by.noise.dim() == 4 ? pixels : 0;
    strength_ = *by.strength.const_data_ptr<Number>();
  }
  Sample<Number> at(int64_t i) const {
    const Number* const noise = noise_ == nullptr ? nullptr : noise_ + i * apart_;
    return {factors_ + i * channels, bias_, noise, strength_, slope_};
  }
  int64_t values() const { return channels * pixels; }

  int64_t channels, pixels;

 private:
  std::vector<Number> zeros_;
  const Number *factors_, *bias_, *noise_ = nullptr;
  int64_t apart_ = 0;  // from the noise of a sample to the next one's
  Number strength_ = 0, slope_;
};

int64_t grain_of(int64_t values) { return std::max<int64_t>(1, kGrain / values); }

template <class T>
void shade_all(const at::Tensor& image, const Shade& by, const at::Tensor& output) {
  const Samples<Computed<T>> samples(image, by);
  const T* const x = image.const_data_ptr<T>();
  T* const y = output.mutable_data_ptr<T>();
  const int64_t channels = samples.channels, parts = (samples.pixels + kPixels - 1) / kPixels;
  at::parallel_for(0, image.size(0) * parts, grain_of(kPixels * channels),
                   [&](int64_t begin, int64_t end) {
                     for (int64_t i = begin; i < end; ++i) {
                       const int64_t sample = i / parts, first = i % parts * kPixels;
                       const int64_t count = std::min(kPixels, samples.pixels - first);
                       const int64_t at = sample * samples.values() + first * channels;
                       shade_pixels<T>(samples.at(sample), x + at, first, count, channels, y + at);
                     }
                   });
}

// A sample in tiles, each with sums of its own: [3, N, C] of all samples.
template <class T>
void differentiate_sample(const Samples<Computed<T>>& samples, int64_t index, const T* gradient,
                          const T* x, const T* y, T* into, const Sums<Computed<T>>& found) {
  using Number = Computed<T>;
  const int64_t channels = samples.channels;
  std::vector<Number> room(3 * channels);
  std::vector<double> all(3 * channels);
  const Sums<Number> sums{room.data(), room.data() + channels, room.data() + 2 * channels};
  for (int64_t first = 0; first < samples.pixels; first += kPixels) {
    const int64_t count = std::min(kPixels, samples.pixels - first);
    const int64_t at = index * samples.values() + first * channels;
    differentiate_pixels<T>(samples.at(index), gradient + at, x + at, y + at, first, count,
                            channels, sums, into + at);
    for (int64_t i = 0; i < 3 * channels; ++i) all[i] += room[i];
  }
  for (int64_t i = 0; i < channels; ++i) {
    found.dot[index * channels + i] = static_cast<Number>(all[i]);
    found.sum[index * channels + i] = static_cast<Number>(all[channels + i]);
    found.along[index * channels + i] = static_cast<Number>(all[2 * channels + i]);
  }
}

template <class T>
void differentiate_all(const at::Tensor& gradient, const at::Tensor& image, const at::Tensor& made,
                       const Shade& by, const at::Tensor& into, const at::Tensor& sums) {
  const Samples<Computed<T>> samples(image, by);
  auto* const first = sums.mutable_data_ptr<Computed<T>>();
  const int64_t apart = image.size(0) * samples.channels;
  const Sums<Computed<T>> found{first, first + apart, first + 2 * apart};
  const int64_t grain = grain_of(std::max<int64_t>(1, samples.values()));
  at::parallel_for(0, image.size(0), grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      differentiate_sample<T>(samples, i, gradient.const_data_ptr<T>(), image.const_data_ptr<T>(),
                              made.const_data_ptr<T>(), into.mutable_data_ptr<T>(), found);
    }
  });
}

}  // namespace

at::Tensor shaded(const at::Tensor& x, const Shade& by) {
  at::Tensor output = at::empty_like(x);
  AT_DISPATCH_FLOATING_TYPES_AND(at::kBFloat16, x.scalar_type(), "shaded",
                                 [&] { shade_all<scalar_t>(x, by, output); });
  return output;
}

ShadeGradients shade_gradients(const at::Tensor& gradient, const at::Tensor& x,
                               const at::Tensor& made, const Shade& by) {
  const at::Tensor into = at::empty_like(x);
  const at::Tensor sums = at::empty({3, x.size(0), x.size(1)}, by.factors.options());
  AT_DISPATCH_FLOATING_TYPES_AND(at::kBFloat16, x.scalar_type(), "shade_gradients", [&] {
    differentiate_all<scalar_t>(gradient, x, made, by, into, sums);
  });
  ShadeGradients found{into, sums[0], {}, {}};
  if (by.bias.defined()) found.bias = sums[1].sum(0);
  if (by.noise.defined()) found.strength = sums[2].sum().view(by.strength.sizes());
  return found;
}

}  // namespace sparring
