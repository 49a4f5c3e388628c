#include "core/step/rewrites/blur_kernels.h"

#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>

#include <algorithm>

#include "core/bfloat16_bits.h"
#include "core/wide.h"

namespace sparring {
namespace {

constexpr int64_t kTaps = BlurPass::kTaps;
constexpr int kFilter[kTaps] = {1, 3, 3, 1};
// Values that are worth another thread.
constexpr int64_t kGrain = 32768;

// Rows of an image under one row of what is made, each with its factor.
template <class T>
struct Under {
  const T* rows[kTaps];
  Computed<T> factors[kTaps];
  int64_t count = 0;
};

// `count` values, those of a line `apart` values from one to the next line: the sum of the rows.
template <class T>
SPARRING_WIDE void add_rows(const Under<T>& under, int64_t lines, int64_t length, int64_t apart,
                            Computed<T>* into) {
  const T *a = under.rows[0], *b = under.rows[1], *c = under.rows[2], *d = under.rows[3];
  const auto [fa, fb, fc, fd] = under.factors;
  for (int64_t line = 0; line < lines; ++line) {
    Computed<T>* const to = into + line * apart;
    const int64_t start = line * length;
    if (under.count == 4) {
      SPARRING_APART
      for (int64_t i = 0; i < length; ++i) {
        to[i] = fa * loaded(a[start + i]) + fb * loaded(b[start + i]) +
                (fc * loaded(c[start + i]) + fd * loaded(d[start + i]));
      }
    } else if (under.count == 3) {
      SPARRING_APART
      for (int64_t i = 0; i < length; ++i) {
        to[i] = fa * loaded(a[start + i]) + fb * loaded(b[start + i]) + fc * loaded(c[start + i]);
      }
    } else if (under.count == 2) {
      SPARRING_APART
      for (int64_t i = 0; i < length; ++i) {
        to[i] = fa * loaded(a[start + i]) + fb * loaded(b[start + i]);
      }
    } else {
      SPARRING_APART
      for (int64_t i = 0; i < length; ++i) to[i] = fa * loaded(a[start + i]);
    }
  }
}

// The filter along a row: `count` values, each of four that are `channels` apart.
template <class T>
SPARRING_WIDE void filter_values(const Computed<T>* row, int64_t count, int64_t channels, T* into) {
  const Computed<T>*b = row + channels, *c = row + 2 * channels, *d = row + 3 * channels;
  SPARRING_APART
  for (int64_t i = 0; i < count; ++i) store((row[i] + d[i]) + 3 * (b[i] + c[i]), into[i]);
}

// The same at every `down`th pixel.
template <class T>
SPARRING_WIDE void filter_pixels(const Computed<T>* row, int64_t pixels, int64_t channels,
                                 int64_t down, T* into) {
  for (int64_t pixel = 0; pixel < pixels; ++pixel) {
    const Computed<T>* const a = row + pixel * down * channels;
    const Computed<T>*b = a + channels, *c = a + 2 * channels, *d = a + 3 * channels;
    T* const to = into + pixel * channels;
    SPARRING_APART
    for (int64_t i = 0; i < channels; ++i) store((a[i] + d[i]) + 3 * (b[i] + c[i]), to[i]);
  }
}

// The rows of an image that the filter sees at a row of what is made.
template <class T>
Under<T> rows_under(const T* image, const BlurPass& pass, int64_t row, int64_t row_values) {
  const auto scale = static_cast<Computed<T>>(pass.gain / 64);
  Under<T> under;
  for (int64_t tap = 0; tap < kTaps; ++tap) {
    const int64_t place = row * pass.down + tap - pass.top;
    if (place < 0 || place % pass.up != 0 || place / pass.up >= pass.from_height) continue;
    under.rows[under.count] = image + place / pass.up * row_values;
    under.factors[under.count++] = kFilter[tap] * scale;
  }
  for (int64_t i = under.count; i < kTaps; ++i) {
    under.rows[i] = image;
    under.factors[i] = 0;
  }
  return under;
}

// A row of the image as the filter goes along it, with zeros between its pixels and around them.
template <class T>
class Row {
 public:
  Row(const BlurPass& pass, int64_t channels)
      : pass_(pass),
        channels_(channels),
        // Pixels that are left out begin before the row.
        before_(std::max<int64_t>(0, pass.left)),
        values_((before_ + std::max(pass.from_width * pass.up, needed(pass))) * channels) {}

  // What the filter sees first.
  const Computed<T>* begin() const { return values_.data() + (before_ - pass_.left) * channels_; }
  void take(const Under<T>& under) {
    const int64_t columns = pass_.from_width;
    const bool together = pass_.up == 1;
    add_rows<T>(under, together ? 1 : columns, together ? columns * channels_ : channels_,
                pass_.up * channels_, values_.data() + before_ * channels_);
  }

 private:
  // Places from the first pixel on that the filter sees.
  static int64_t needed(const BlurPass& pass) {
    return std::max<int64_t>(0, (pass.width - 1) * pass.down + kTaps - pass.left);
  }

  const BlurPass& pass_;
  int64_t channels_, before_;
  std::vector<Computed<T>> values_;
};

template <class T>
void blur_rows(const T* image, const BlurPass& pass, int64_t channels, int64_t begin, int64_t end,
               T* output) {
  const int64_t made = pass.width * channels, values = pass.from_width * channels;
  Row<T> row(pass, channels);
  for (int64_t i = begin; i < end; ++i) {
    const T* const from = image + i / pass.height * pass.from_height * values;
    T* const to = output + i * made;
    const Under<T> under = rows_under(from, pass, i % pass.height, values);
    if (under.count == 0) {
      std::fill_n(to, made, T(0));
      continue;
    }
    row.take(under);
    if (pass.down == 1) {
      filter_values<T>(row.begin(), made, channels, to);
    } else {
      filter_pixels<T>(row.begin(), pass.width, channels, pass.down, to);
    }
  }
}

}  // namespace

at::Tensor blurred(const at::Tensor& image, const BlurPass& pass) {
  const int64_t channels = image.size(1), rows = image.size(0) * pass.height;
  at::Tensor output = at::empty({image.size(0), channels, pass.height, pass.width},
                                image.options().memory_format(at::MemoryFormat::ChannelsLast));
  const int64_t grain = std::max<int64_t>(1, kGrain / std::max<int64_t>(1, pass.width * channels));
  AT_DISPATCH_FLOATING_TYPES_AND(at::kBFloat16, image.scalar_type(), "blurred", [&] {
    at::parallel_for(0, rows, grain, [&](int64_t begin, int64_t end) {
      blur_rows(image.const_data_ptr<scalar_t>(), pass, channels, begin, end,
                output.mutable_data_ptr<scalar_t>());
    });
  });
  return output;
}

}  // namespace sparring
