#include "core/data/warp_kernels.h"

#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

#include "core/data/symlet.h"
#include "core/wide.h"

namespace sparring {
namespace {

// The filter's taps in pairs: the finer grid has two samples for a pixel.
constexpr int64_t kPairs = kTaps / 2;

template <class T>
struct Filter {
  T even[kPairs], odd[kPairs];
};

template <class T>
Filter<T> symlet_times(double factor) {
  Filter<T> filter;
  for (int64_t m = 0; m < kPairs; ++m) {
    filter.even[m] = static_cast<T>(factor * kSymlet[static_cast<size_t>(2 * m)]);
    filter.odd[m] = static_cast<T>(factor * kSymlet[static_cast<size_t>(2 * m + 1)]);
  }
  return filter;
}

// Two samples for each of `pairs` places: q's of from[q] to from[q + 5], the last by the first tap.
template <class T>
SPARRING_WIDE void to_pairs(const T* from, int64_t pairs, const Filter<T>& filter, T* into) {
  SPARRING_APART
  for (int64_t q = 0; q < pairs; ++q) {
    T even = 0, odd = 0;
    for (int64_t m = 0; m < kPairs; ++m) {
      even += filter.even[m] * from[q + kPairs - 1 - m];
      odd += filter.odd[m] * from[q + kPairs - 1 - m];
    }
    into[2 * q] = even;
    into[2 * q + 1] = odd;
  }
}

// The transposed of it: place q is of from[2q] to from[2q + 11].
template <class T>
SPARRING_WIDE void of_pairs(const T* from, int64_t count, const Filter<T>& filter, T* into) {
  SPARRING_APART
  for (int64_t q = 0; q < count; ++q) {
    T sum = 0;
    for (int64_t m = 0; m < kPairs; ++m) {
      sum += filter.even[m] * from[2 * (q + m)] + filter.odd[m] * from[2 * (q + m) + 1];
    }
    into[q] = sum;
  }
}

template <class T>
SPARRING_WIDE void add_scaled(const T* from, T scale, int64_t count, T* into) {
  SPARRING_APART
  for (int64_t i = 0; i < count; ++i) into[i] += scale * from[i];
}

// Six rows of a filter's taps in one go.
template <class T>
SPARRING_WIDE void add_rows(const T* const* rows, const T* scales, int64_t count, T* into) {
  const T *a = rows[0], *b = rows[1], *c = rows[2], *d = rows[3], *e = rows[4], *f = rows[5];
  SPARRING_APART
  for (int64_t i = 0; i < count; ++i) {
    into[i] += scales[0] * a[i] + scales[1] * b[i] + scales[2] * c[i] + scales[3] * d[i] +
               scales[4] * e[i] + scales[5] * f[i];
  }
}

// Where a row or a column of samples lies on one side of the finer grid.
struct Line {
  double across, down, first;

  double at(int64_t column, int64_t row) const {
    return across * static_cast<double>(column) + down * static_cast<double>(row) + first;
  }
};

// The part of one side of the finer grid that is looked at: `length` of its samples, an even
// number, from `start` on, an odd one. Where it would be more than the grid has, it is once around.
struct Window {
  int64_t size, period, start, length;
  bool wraps;

  // The image's row or column that meets the first tap at the samples 2q and 2q + 1.
  int64_t nearest(int64_t q) const { return (start + kBefore) / 2 + q; }
  int64_t source(int64_t place) const { return mirrored_at(place, period); }
};

Window window_of(int64_t size, double lowest, double highest) {
  const int64_t period = mirrored_period(size);
  const auto odd_before = [](double place) {
    return 2 * static_cast<int64_t>(std::floor((place - 2) / 2)) + 1;
  };
  // With a sample to spare at both ends: what is between the corners rounds in its own way.
  if (highest - lowest < static_cast<double>(2 * period - 8)) {
    const int64_t start = odd_before(lowest);
    return {size, period, start, odd_before(highest) + 6 - start, false};
  }
  return {size, period, -1, 2 * period + 2, true};
}

// From where to where a window's places are counted, and how often the grid is gone around before.
struct Frame {
  double start, last, around, wraps;
  explicit Frame(const Window& window)
      : start(static_cast<double>(window.start)),
        last(static_cast<double>(window.length - 2)),
        around(static_cast<double>(2 * window.period)),
        wraps(window.wraps ? around : 0) {}
};

template <class T>
SPARRING_WIDE void place_row(double u, double across_x, double v, double across_y, const Frame& x,
                             const Frame& y, double stride, int64_t count, int32_t* at, T* right,
                             T* below) {
  for (int64_t j = 0; j < count; ++j) {
    double to_right = u + across_x * static_cast<double>(j);
    double down = v + across_y * static_cast<double>(j);
    to_right -= x.wraps * std::floor(to_right / x.around) + x.start;
    down -= y.wraps * std::floor(down / y.around) + y.start;
    const double column = std::fmin(std::fmax(std::floor(to_right), 0.0), x.last);
    const double row = std::fmin(std::fmax(std::floor(down), 0.0), y.last);
    at[j] = static_cast<int32_t>(row * stride + column);
    right[j] = static_cast<T>(to_right - column);
    below[j] = static_cast<T>(down - row);
  }
}

template <class T>
SPARRING_WIDE void interpolate(const T* grid, int64_t stride, const int32_t* at, const T* right,
                               const T* below, int64_t count, T* into) {
  for (int64_t k = 0; k < count; ++k) {
    const T *above = grid + at[k], *under = above + stride;
    const T high = above[0] + right[k] * (above[1] - above[0]);
    const T low = under[0] + right[k] * (under[1] - under[0]);
    into[k] = high + below[k] * (low - high);
  }
}

// Places overlap, so one after the other.
template <class T>
void spread(const T* from, int64_t stride, const int32_t* at, const T* right, const T* below,
            int64_t count, T* grid) {
  for (int64_t k = 0; k < count; ++k) {
    T *above = grid + at[k], *under = above + stride;
    const T low = from[k] * below[k], high = from[k] - low;
    const T high_right = high * right[k], low_right = low * right[k];
    above[0] += high - high_right;
    above[1] += high_right;
    under[0] += low - low_right;
    under[1] += low_right;
  }
}

// How a sample is looked at, and the memory for it: of one thread.
template <class T>
class View {
 public:
  View(int64_t height, int64_t width)
      : height_(height),
        width_(width),
        rows_(2 * height + kTaps - 2),
        columns_(2 * width + kTaps - 2) {
    const auto seen = static_cast<size_t>(rows_ * columns_);
    at_.resize(seen);
    right_.resize(seen);
    below_.resize(seen);
    samples_.resize(seen);
    half_.resize(static_cast<size_t>(columns_));
  }

  // From here on; `origin` has the six numbers of an Origin.
  void look(const double* origin) {
    const double middle_x = static_cast<double>(width_ - 1) / 2;
    const double middle_y = static_cast<double>(height_ - 1) / 2;
    const double before = static_cast<double>(kBefore) / 2;
    const double left = -before - middle_x, top = -before - middle_y;
    const auto line = [&](double by_x, double by_y, double moved, double middle) {
      return Line{by_x, by_y, 2 * (by_x * left + by_y * top + moved + middle)};
    };
    const Line x = line(origin[0], origin[1], origin[4], middle_x);
    const Line y = line(origin[2], origin[3], origin[5], middle_y);
    horizontal_ = window_along(x, width_);
    vertical_ = window_along(y, height_);
    const Frame along(horizontal_), across(vertical_);
    for (int64_t i = 0; i < rows_; ++i) {
      const int64_t first = i * columns_;
      place_row(x.at(0, i), x.across, y.at(0, i), y.across, along, across,
                static_cast<double>(horizontal_.length), columns_, at_.data() + first,
                right_.data() + first, below_.data() + first);
    }
    grid_.resize(static_cast<size_t>(vertical_.length * horizontal_.length));
    wide_.resize(static_cast<size_t>(height_ * horizontal_.length));
    row_.resize(static_cast<size_t>(std::max(horizontal_.length, columns_) + 2 * kTaps));
  }

  void forward(const T* image, T* into) {
    for (int64_t h = 0; h < height_; ++h) widen(image + h * width_, wide(h));
    std::fill(grid_.begin(), grid_.end(), T{0});
    for (int64_t q = 0; q < vertical_.length / 2; ++q) {
      const T* rows[kPairs];
      for (int64_t m = 0; m < kPairs; ++m) rows[m] = wide(source_row(q, m));
      add_rows(rows, finer_.even, horizontal_.length, grid(2 * q));
      add_rows(rows, finer_.odd, horizontal_.length, grid(2 * q + 1));
    }
    interpolate(grid_.data(), horizontal_.length, at_.data(), right_.data(), below_.data(),
                rows_ * columns_, samples_.data());
    for (int64_t h = 0; h < height_; ++h) {
      std::fill(half_.begin(), half_.end(), T{0});
      const T *even[kPairs], *odd[kPairs];
      for (int64_t m = 0; m < kPairs; ++m) {
        even[m] = samples(2 * (h + m));
        odd[m] = samples(2 * (h + m) + 1);
      }
      add_rows(even, coarser_.even, columns_, half_.data());
      add_rows(odd, coarser_.odd, columns_, half_.data());
      of_pairs(half_.data(), width_, coarser_, into + h * width_);
    }
  }

  // Each of its steps turned round, the last one first.
  void backward(const T* gradient, T* into) {
    std::fill(samples_.begin(), samples_.end(), T{0});
    for (int64_t h = 0; h < height_; ++h) {
      std::fill(row_.begin(), row_.end(), T{0});
      std::copy_n(gradient + h * width_, width_, row_.data() + kPairs - 1);
      to_pairs(row_.data(), columns_ / 2, coarser_, half_.data());
      for (int64_t m = 0; m < kPairs; ++m) {
        add_scaled(half_.data(), coarser_.even[m], columns_, samples(2 * (h + m)));
        add_scaled(half_.data(), coarser_.odd[m], columns_, samples(2 * (h + m) + 1));
      }
    }
    std::fill(grid_.begin(), grid_.end(), T{0});
    spread(samples_.data(), horizontal_.length, at_.data(), right_.data(), below_.data(),
           rows_ * columns_, grid_.data());
    std::fill(wide_.begin(), wide_.end(), T{0});
    for (int64_t q = 0; q < vertical_.length / 2; ++q) {
      for (int64_t m = 0; m < kPairs; ++m) {
        T* row = wide(source_row(q, m));
        add_scaled(grid(2 * q), finer_.even[m], horizontal_.length, row);
        add_scaled(grid(2 * q + 1), finer_.odd[m], horizontal_.length, row);
      }
    }
    for (int64_t h = 0; h < height_; ++h) narrow(wide(h), into + h * width_);
  }

 private:
  T* grid(int64_t row) { return grid_.data() + row * horizontal_.length; }
  T* wide(int64_t row) { return wide_.data() + row * horizontal_.length; }
  T* samples(int64_t row) { return samples_.data() + row * columns_; }
  int64_t source_row(int64_t q, int64_t m) const {
    return vertical_.source(vertical_.nearest(q) - m);
  }

  Window window_along(const Line& line, int64_t size) const {
    const std::array<double, 4> corners = {line.at(0, 0), line.at(columns_ - 1, 0),
                                           line.at(0, rows_ - 1), line.at(columns_ - 1, rows_ - 1)};
    return window_of(size, *std::min_element(corners.begin(), corners.end()),
                     *std::max_element(corners.begin(), corners.end()));
  }

  // A row of the image to the window's columns, and the transposed of that.
  void widen(const T* image, T* into) {
    const int64_t pairs = horizontal_.length / 2, first = horizontal_.nearest(0) - (kPairs - 1);
    for (int64_t i = 0; i < pairs + kPairs - 1; ++i) {
      row_[static_cast<size_t>(i)] = image[horizontal_.source(first + i)];
    }
    to_pairs(row_.data(), pairs, finer_, into);
  }
  void narrow(const T* wide, T* image) {
    const int64_t pairs = horizontal_.length / 2, first = horizontal_.nearest(0) - (kPairs - 1);
    std::fill(row_.begin(), row_.end(), T{0});
    std::copy_n(wide, horizontal_.length, row_.data() + 2 * (kPairs - 1));
    sums_.resize(static_cast<size_t>(pairs + kPairs - 1));
    of_pairs(row_.data(), pairs + kPairs - 1, finer_, sums_.data());
    std::fill_n(image, width_, T{0});
    for (int64_t i = 0; i < pairs + kPairs - 1; ++i) {
      image[horizontal_.source(first + i)] += sums_[static_cast<size_t>(i)];
    }
  }

  int64_t height_, width_, rows_, columns_;
  Filter<T> finer_ = symlet_times<T>(std::numbers::sqrt2);
  Filter<T> coarser_ = symlet_times<T>(1 / std::numbers::sqrt2);
  Window horizontal_{}, vertical_{};
  std::vector<int32_t> at_;  // the sample of the window above and left of a place
  std::vector<T> right_, below_;
  std::vector<T> wide_, grid_, samples_, half_, row_, sums_;
};

// Where the pixels of a sample come from, which is where there are pixels.
template <class T>
class Pixels {
 public:
  Pixels(int64_t height, int64_t width)
      : height_(height), width_(width), sources_(static_cast<size_t>(height * width)) {}

  void look(const double* origin) {
    const double middle_x = static_cast<double>(width_ - 1) / 2;
    const double middle_y = static_cast<double>(height_ - 1) / 2;
    for (int64_t i = 0; i < height_; ++i) {
      for (int64_t j = 0; j < width_; ++j) {
        const double x = static_cast<double>(j) - middle_x, y = static_cast<double>(i) - middle_y;
        const double column = origin[0] * x + origin[1] * y + origin[4] + middle_x;
        const double row = origin[2] * x + origin[3] * y + origin[5] + middle_y;
        sources_[static_cast<size_t>(i * width_ + j)] =
            pixel_at(row, height_) * width_ + pixel_at(column, width_);
      }
    }
  }
  void forward(const T* image, T* into) {
    for (size_t i = 0; i < sources_.size(); ++i) into[i] = image[sources_[i]];
  }
  void backward(const T* gradient, T* into) {
    for (size_t i = 0; i < sources_.size(); ++i) into[sources_[i]] += gradient[i];
  }

 private:
  // Most are in sight, and a remainder takes long.
  static int64_t pixel_at(double place, int64_t size) {
    const auto pixel = static_cast<int64_t>(std::nearbyint(place));
    return pixel >= 0 && pixel < size ? pixel : mirrored_at(pixel, mirrored_period(size));
  }

  int64_t height_, width_;
  std::vector<int64_t> sources_;
};

// `pass` with a way of looking at each of the chosen samples, into zeros.
template <template <class> class Looks, class Pass>
at::Tensor through(const at::Tensor& images, const at::Tensor& origins, const at::Tensor& chosen,
                   const Pass& pass) {
  at::Tensor into = at::zeros_like(images, at::MemoryFormat::Contiguous);
  const int64_t channels = images.size(1), height = images.size(2), width = images.size(3);
  const double* origin = origins.const_data_ptr<double>();
  const bool* is_chosen = chosen.const_data_ptr<bool>();
  AT_DISPATCH_FLOATING_TYPES(images.scalar_type(), "warp", [&] {
    const scalar_t* from = images.const_data_ptr<scalar_t>();
    scalar_t* to = into.mutable_data_ptr<scalar_t>();
    at::parallel_for(0, images.size(0), 1, [&](int64_t begin, int64_t end) {
      Looks<scalar_t> looks(height, width);
      for (int64_t n = begin; n < end; ++n) {
        if (!is_chosen[n]) continue;
        looks.look(origin + 6 * n);
        for (int64_t plane = n * channels; plane < (n + 1) * channels; ++plane) {
          pass(looks, from + plane * height * width, to + plane * height * width);
        }
      }
    });
  });
  return into;
}

constexpr auto kForward = [](auto& looks, const auto* from, auto* to) { looks.forward(from, to); };
constexpr auto kBackward = [](auto& looks, const auto* from, auto* to) {
  looks.backward(from, to);
};

}  // namespace

at::Tensor resample(const at::Tensor& images, const at::Tensor& origins, const at::Tensor& chosen) {
  return through<View>(images, origins, chosen, kForward);
}

at::Tensor resample_backward(const at::Tensor& gradient, const at::Tensor& origins,
                             const at::Tensor& chosen) {
  return through<View>(gradient, origins, chosen, kBackward);
}

at::Tensor copy_pixels(const at::Tensor& images, const at::Tensor& origins,
                       const at::Tensor& chosen) {
  return through<Pixels>(images, origins, chosen, kForward);
}

at::Tensor copy_pixels_backward(const at::Tensor& gradient, const at::Tensor& origins,
                                const at::Tensor& chosen) {
  return through<Pixels>(gradient, origins, chosen, kBackward);
}

}  // namespace sparring
