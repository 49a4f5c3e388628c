// The weight's gradient: for each tap of the kernel, the product of the small image, the other way
// round, and the big one's pixels that the tap sees.
#include <ATen/Parallel.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "core/linalg/bfloat16_loops.h"
#include "core/linalg/bfloat16_product.h"
#include "core/linalg/transpose.h"
#include "core/step/rewrites/bfloat16_conv_kernels.h"

namespace sparring::bfloat16_conv {
namespace {

using at::BFloat16;

// Pixels at a time. Their rows are a little apart, as powers of two meet in the same places of a
// cache.
constexpr int64_t kSlice = 512, kSliceRow = kSlice + 32;
// Columns of a product, and its rows: its sums stay in the cache.
constexpr int64_t kMostTapColumns = 400, kMostRows = 256, kFewestRows = 32;

// The pixels of small images as columns: for each 512 of them [channels, 512].
class Turned {
 public:
  explicit Turned(const at::Tensor& small)
      : channels_(small.size(1)),
        pixels_(small.size(0) * small.size(2) * small.size(3)),
        values_(at::empty({(pixels_ + kSlice - 1) / kSlice, channels_, kSliceRow}, at::kBFloat16)) {
    const auto* const from = small.const_data_ptr<BFloat16>();
    at::parallel_for(0, (pixels_ + kShare - 1) / kShare, 1, [&](int64_t first, int64_t end) {
      for (int64_t pixel = first * kShare; pixel < std::min(end * kShare, pixels_);
           pixel += kShare) {
        transpose({from + pixel * channels_, channels_}, std::min(kShare, pixels_ - pixel),
                  channels_, {place(pixel), kSliceRow});
      }
    });
    // What an odd number of pixels lacks for pairs.
    if (pixels_ % 2 == 0) return;
    for (int64_t i = 0; i < channels_; ++i) place(pixels_)[i * kSliceRow] = 0;
  }
  int64_t pixels() const { return pixels_; }
  Matrix<const BFloat16> at(int64_t pixel, int64_t channel) const {
    return {place(pixel) + channel * kSliceRow, kSliceRow};
  }

 private:
  static constexpr int64_t kShare = 32;
  BFloat16* place(int64_t pixel) const {
    return values_.mutable_data_ptr<BFloat16>() + pixel / kSlice * channels_ * kSliceRow +
           pixel % kSlice;
  }

  int64_t channels_, pixels_;
  at::Tensor values_;
};

// Big images with their padding, in planes of a few channels: a tap sees a pixel without asking
// where the border is.
class Padded {
 public:
  Padded(const at::Tensor& big, int64_t channels, const Shape& padding)
      : height_(big.size(2) + 2 * padding[0]),
        width_(big.size(3) + 2 * padding[1]),
        samples_(big.size(0)),
        channels_(channels),
        planes_(at::empty({big.size(1) / channels, samples_, height_, width_, channels},
                          at::kBFloat16)) {
    at::parallel_for(0, samples_ * height_, 1, [&](int64_t first, int64_t end) {
      for (int64_t row = first; row < end; ++row) fill(big, row, padding);
    });
  }
  const BFloat16* at(int64_t plane, int64_t sample, int64_t row, int64_t column) const {
    return place(plane, sample * height_ + row) + column * channels_;
  }
  // From a pixel to the one that a tap sees.
  std::vector<int64_t> offsets(int64_t height, int64_t width) const {
    std::vector<int64_t> all;
    for (int64_t tap = 0; tap < height * width; ++tap) {
      all.push_back((tap / width * width_ + tap % width) * channels_);
    }
    return all;
  }

 private:
  BFloat16* place(int64_t plane, int64_t row) const {
    return planes_.mutable_data_ptr<BFloat16>() +
           (plane * samples_ * height_ + row) * width_ * channels_;
  }
  void fill(const at::Tensor& big, int64_t row, const Shape& padding) {
    const int64_t inside = row % height_ - padding[0], columns = big.size(3), all = big.size(1);
    const bool is_padding = inside < 0 || inside >= big.size(2);
    const BFloat16* const from =
        big.const_data_ptr<BFloat16>() + (row / height_ * big.size(2) + inside) * columns * all;
    for (int64_t plane = 0; plane < all / channels_; ++plane) {
      BFloat16* const to = place(plane, row);
      const int64_t border = padding[1] * channels_, end = border + columns * channels_;
      std::fill_n(to, is_padding ? width_ * channels_ : border, BFloat16(0));
      if (is_padding) continue;
      std::fill_n(to + end, border, BFloat16(0));
      for (int64_t column = 0; column < columns; ++column) {
        std::memcpy(to + border + column * channels_, from + column * all + plane * channels_,
                    static_cast<size_t>(channels_) * sizeof(BFloat16));
      }
    }
  }

  int64_t height_, width_, samples_, channels_;
  at::Tensor planes_;
};

// A walk over the pixels of small images, in order, and what they are of the big one.
class Walk {
 public:
  Walk(const Padded& big, int64_t plane, const at::Tensor& small, const Shape& stride)
      : big_(big), plane_(plane), small_(small), stride_(stride) {}
  // One beyond the last is the last again: its partner there is zero.
  const BFloat16* next() {
    const BFloat16* const at = big_.at(plane_, sample_, row_ * stride_[0], column_ * stride_[1]);
    if (++column_ < small_.size(3)) return at;
    column_ = 0;
    if (++row_ < small_.size(2)) return at;
    row_ = 0;
    sample_ = std::min(sample_ + 1, small_.size(0) - 1);
    return at;
  }

 private:
  const Padded& big_;
  int64_t plane_;
  const at::Tensor& small_;
  const Shape& stride_;
  int64_t sample_ = 0, row_ = 0, column_ = 0;
};

// The gradient of all taps between some channels of the small image and a plane of the big one.
class TapGradient {
 public:
  TapGradient(int64_t rows, int64_t channels, const std::vector<int64_t>& offsets)
      : rows_(rows),
        channels_(channels),
        columns_(static_cast<int64_t>(offsets.size()) * channels),
        offsets_(offsets),
        pairs_(at::empty({kSlice * columns_}, at::kBFloat16)),
        sums_(at::empty({rows * columns_}, at::kFloat)) {}

  void sum(const Turned& small, int64_t channel, Walk walk) {
    for (int64_t pixel = 0; pixel < small.pixels(); pixel += kSlice) {
      const int64_t count = std::min(kSlice, (small.pixels() - pixel + 1) / 2 * 2);
      auto* const pairs = pairs_.mutable_data_ptr<BFloat16>();
      for (int64_t i = 0; i < count; i += 2) {
        const BFloat16 *const even = walk.next(), *const odd = walk.next();
        bfloat16::braid(even, odd, offsets_, channels_, pairs + i * columns_);
      }
      tiles_.multiply({rows_, count, columns_}, {sums_.mutable_data_ptr<float>(), columns_},
                      small.at(pixel, channel), {pairs, 2 * columns_}, /*accumulate=*/pixel > 0);
    }
  }
  // To [rows, channels, taps], from a row to the next so many.
  void write(float* to, int64_t row) const {
    const int64_t taps = static_cast<int64_t>(offsets_.size());
    for (int64_t i = 0; i < rows_; ++i) {
      transpose(sums_.const_data_ptr<float>() + i * columns_, channels_, taps, channels_,
                to + i * row, taps);
    }
  }

 private:
  int64_t rows_, channels_, columns_;
  const std::vector<int64_t>& offsets_;
  at::Tensor pairs_, sums_;
  Tiles tiles_;
};

// Of the big image at a time: as many as divide it and whose taps are not too many columns.
int64_t channels_at_a_time(int64_t channels, int64_t taps) {
  int64_t some = kChannels;
  while (channels % (2 * some) == 0 && 2 * some * taps <= kMostTapColumns) some *= 2;
  return some;
}

// Of the small image at a time: as many as leave a part for each thread.
int64_t rows_at_a_time(int64_t channels, int64_t planes) {
  int64_t some = channels;
  while (some % 2 == 0 && some / 2 >= kFewestRows &&
         (some > kMostRows || planes * (channels / some) < at::get_num_threads())) {
    some /= 2;
  }
  return some;
}

}  // namespace

at::Tensor weight_gradient(const at::Tensor& big, const at::Tensor& small, const Steps& steps,
                           at::IntArrayRef sizes) {
  const at::Tensor gradient = at::empty(sizes, at::kFloat);
  const int64_t taps = sizes[2] * sizes[3], all = sizes[1];
  if (small.numel() == 0) return gradient.zero_();
  const int64_t channels = channels_at_a_time(all, taps), planes = all / channels;
  const int64_t rows = rows_at_a_time(sizes[0], planes), blocks = sizes[0] / rows;
  const Turned turned(small);
  const Padded padded(big, channels, steps.padding);
  const std::vector<int64_t> offsets = padded.offsets(sizes[2], sizes[3]);
  auto* const to = gradient.mutable_data_ptr<float>();
  at::parallel_for(0, planes * blocks, 1, [&](int64_t first, int64_t end) {
    TapGradient part(rows, channels, offsets);
    for (int64_t i = first; i < end; ++i) {
      const int64_t plane = i / blocks, channel = i % blocks * rows;
      part.sum(turned, channel, Walk(padded, plane, small, steps.stride));
      part.write(to + (channel * all + plane * channels) * taps, all * taps);
    }
  });
  return gradient;
}

}  // namespace sparring::bfloat16_conv
