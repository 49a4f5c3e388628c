#include "core/step/rewrites/modulation_kernels.h"

#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <vector>

#include "core/wide.h"

namespace sparring {
namespace {

// Pixels of a sample that a thread takes at a time, and after which sums go on in float64.
constexpr int64_t kPixels = 128;
// Values that are worth another thread.
constexpr int64_t kGrain = 32768;

// What all pixels of a sample have in common.
template <class T>
struct Sample {
  const T *factor, *bias, *noise;  // no noise: null
  T strength, slope;
};

template <class T>
SPARRING_WIDE void shade_pixels(const Sample<T>& of, const T* x, int64_t first, int64_t pixels,
                                int64_t channels, T* y) {
  const auto [factor, bias, noise, strength, slope] = of;
  for (int64_t pixel = 0; pixel < pixels; ++pixel) {
    const T more = noise == nullptr ? T(0) : strength * noise[first + pixel];
    const T* from = x + pixel * channels;
    T* to = y + pixel * channels;
    SPARRING_APART
    for (int64_t i = 0; i < channels; ++i) {
      const T value = from[i] * factor[i] + (bias[i] + more);
      to[i] = value > 0 ? value : value * slope;
    }
  }
}

// Sums over pixels for each channel.
template <class T>
struct Sums {
  T *dot, *sum, *along;  // with x, by itself, and with the noise
};

// Four pixels at a time keep the sums in registers for longer. No two of the lines overlap, which
// are too many for the compiler to look whether they do.
template <class T>
SPARRING_WIDE void differentiate_pixels(const Sample<T>& of, const T* gradient, const T* x,
                                        const T* y, int64_t first, int64_t pixels, int64_t channels,
                                        const Sums<T>& sums, T* into) {
  const auto [factor, bias, noise, strength, slope] = of;
  const auto [dot, sum, along] = sums;
  for (int64_t i = 0; i < channels; ++i) dot[i] = sum[i] = along[i] = 0;
  int64_t pixel = 0;
  for (; pixel + 4 <= pixels; pixel += 4) {
    const int64_t at = pixel * channels;
    const T *g0 = gradient + at, *g1 = g0 + channels, *g2 = g1 + channels, *g3 = g2 + channels;
    const T *x0 = x + at, *x1 = x0 + channels, *x2 = x1 + channels, *x3 = x2 + channels;
    const T *y0 = y + at, *y1 = y0 + channels, *y2 = y1 + channels, *y3 = y2 + channels;
    T *to0 = into + at, *to1 = to0 + channels, *to2 = to1 + channels, *to3 = to2 + channels;
    const T* n = noise == nullptr ? nullptr : noise + first + pixel;
    const T n0 = n ? n[0] : T(0), n1 = n ? n[1] : T(0), n2 = n ? n[2] : T(0), n3 = n ? n[3] : T(0);
    SPARRING_APART
    for (int64_t i = 0; i < channels; ++i) {
      const T a = g0[i] * (y0[i] > 0 ? T(1) : slope), b = g1[i] * (y1[i] > 0 ? T(1) : slope);
      const T c = g2[i] * (y2[i] > 0 ? T(1) : slope), d = g3[i] * (y3[i] > 0 ? T(1) : slope);
      dot[i] += (a * x0[i] + b * x1[i]) + (c * x2[i] + d * x3[i]);
      sum[i] += (a + b) + (c + d);
      along[i] += (a * n0 + b * n1) + (c * n2 + d * n3);
      to0[i] = a * factor[i];
      to1[i] = b * factor[i];
      to2[i] = c * factor[i];
      to3[i] = d * factor[i];
    }
  }
  for (; pixel < pixels; ++pixel) {
    const int64_t at = pixel * channels;
    const T one = noise == nullptr ? T(0) : noise[first + pixel];
    SPARRING_APART
    for (int64_t i = 0; i < channels; ++i) {
      const T a = gradient[at + i] * (y[at + i] > 0 ? T(1) : slope);
      dot[i] += a * x[at + i];
      sum[i] += a;
      along[i] += a * one;
      into[at + i] = a * factor[i];
    }
  }
}

// The samples of an image, and what shades them.
template <class T>
class Samples {
 public:
  Samples(const at::Tensor& image, const Shade& by)
      : channels(image.size(1)),
        pixels(image.size(2) * image.size(3)),
        zeros_(by.bias.defined() ? 0 : channels),
        factors_(by.factors.const_data_ptr<T>()),
        bias_(by.bias.defined() ? by.bias.const_data_ptr<T>() : zeros_.data()),
        slope_(static_cast<T>(by.slope)) {
    if (!by.noise.defined()) return;
    noise_ = by.noise.const_data_ptr<T>();
    apart_ = by.noise.dim() == 4 ? pixels : 0;
    strength_ = *by.strength.const_data_ptr<T>();
  }
  Sample<T> at(int64_t i) const {
    const T* const noise = noise_ == nullptr ? nullptr : noise_ + i * apart_;
    return {factors_ + i * channels, bias_, noise, strength_, slope_};
  }
  int64_t values() const { return channels * pixels; }

  int64_t channels, pixels;

 private:
  std::vector<T> zeros_;
  const T *factors_, *bias_, *noise_ = nullptr;
  int64_t apart_ = 0;  // from the noise of a sample to the next one's
  T strength_ = 0, slope_;
};

int64_t grain_of(int64_t values) { return std::max<int64_t>(1, kGrain / values); }

template <class T>
void shade_all(const at::Tensor& image, const Shade& by, const at::Tensor& output) {
  const Samples<T> samples(image, by);
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
void differentiate_sample(const Samples<T>& samples, int64_t index, const T* gradient, const T* x,
                          const T* y, T* into, const Sums<T>& found) {
  const int64_t channels = samples.channels;
  std::vector<T> room(3 * channels);
  std::vector<double> all(3 * channels);
  const Sums<T> sums{room.data(), room.data() + channels, room.data() + 2 * channels};
  for (int64_t first = 0; first < samples.pixels; first += kPixels) {
    const int64_t count = std::min(kPixels, samples.pixels - first);
    const int64_t at = index * samples.values() + first * channels;
    differentiate_pixels<T>(samples.at(index), gradient + at, x + at, y + at, first, count,
                            channels, sums, into + at);
    for (int64_t i = 0; i < 3 * channels; ++i) all[i] += room[i];
  }
  for (int64_t i = 0; i < channels; ++i) {
    found.dot[index * channels + i] = static_cast<T>(all[i]);
    found.sum[index * channels + i] = static_cast<T>(all[channels + i]);
    found.along[index * channels + i] = static_cast<T>(all[2 * channels + i]);
  }
}

template <class T>
void differentiate_all(const at::Tensor& gradient, const at::Tensor& image, const at::Tensor& made,
                       const Shade& by, const at::Tensor& into, const at::Tensor& sums) {
  const Samples<T> samples(image, by);
  T* const first = sums.mutable_data_ptr<T>();
  const int64_t apart = image.size(0) * samples.channels;
  const Sums<T> found{first, first + apart, first + 2 * apart};
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
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "shaded",
                             [&] { shade_all<scalar_t>(x, by, output); });
  return output;
}

ShadeGradients shade_gradients(const at::Tensor& gradient, const at::Tensor& x,
                               const at::Tensor& made, const Shade& by) {
  const at::Tensor into = at::empty_like(x);
  const at::Tensor sums = at::empty({3, x.size(0), x.size(1)}, by.factors.options());
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "shade_gradients", [&] {
    differentiate_all<scalar_t>(gradient, x, made, by, into, sums);
  });
  ShadeGradients found{into, sums[0], {}, {}};
  if (by.bias.defined()) found.bias = sums[1].sum(0);
  if (by.noise.defined()) found.strength = sums[2].sum().view(by.strength.sizes());
  return found;
}

}  // namespace sparring
