#include "core/step/rewrites/bfloat16_conv_kernels.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "core/linalg/bfloat16_loops.h"
#include "core/linalg/bfloat16_product.h"
#include "core/linalg/transpose.h"

namespace sparring::bfloat16_conv {
namespace {

using at::BFloat16;

// Pixels at a time, whose patches of so many values stay in the cache beside their sums, and
// columns of the weight.
constexpr int64_t kMostPixels = 256, kMostInner = 1024, kMostColumns = 64;

// An image whose pixels are read.
struct Pixels {
  explicit Pixels(const at::Tensor& image)
      : first(image.const_data_ptr<BFloat16>()),
        rows(image.size(2)),
        columns(image.size(3)),
        channels(image.size(1)) {}
  const BFloat16* at(int64_t sample, int64_t row, int64_t column) const {
    return first + ((sample * rows + row) * columns + column) * channels;
  }
  const BFloat16* first;
  int64_t rows, columns, channels;
};

// Neighbours in a row of the image that is read, which a pixel is made of: from its place, times
// the steps, so many rows and columns on.
struct Run {
  int64_t row, column, taps;
};

// Every so many-th pixel of each image that is made, and what it is made of.
struct Grid {
  int64_t rows, columns;
  int64_t row_step, column_step;  // in the image that is read
  std::vector<Run> runs;
  int64_t first_tap;  // in the weight
  int64_t pixels() const { return rows * columns; }
};

// Where a grid's pixels go.
struct Made {
  BFloat16* first;
  int64_t height, width, channels;
  int64_t first_row, first_column, row_step, column_step;
  const float* bias;
  BFloat16* at(const Grid& grid, int64_t pixel) const {
    const int64_t sample = pixel / grid.pixels(), place = pixel % grid.pixels();
    const int64_t row = first_row + place / grid.columns * row_step;
    const int64_t column = first_column + place % grid.columns * column_step;
    return first + ((sample * height + row) * width + column) * channels;
  }
};

// Some taps of a patch, zeros where it reaches over the image's border.
BFloat16* gather_run(const Pixels& image, int64_t sample, int64_t row, int64_t column, int64_t taps,
                     BFloat16* to) {
  const int64_t channels = image.channels;
  const bool is_inside = row >= 0 && row < image.rows;
  const int64_t from = is_inside ? std::clamp<int64_t>(-column, 0, taps) : taps;
  const int64_t end = std::clamp<int64_t>(image.columns - column, from, taps);
  std::fill_n(to, from * channels, BFloat16(0));
  if (end > from) {
    std::memcpy(to + from * channels, image.at(sample, row, column + from),
                static_cast<size_t>((end - from) * channels) * sizeof(BFloat16));
  }
  std::fill_n(to + end * channels, (taps - end) * channels, BFloat16(0));
  return to + taps * channels;
}

// The patches of so many pixels, of the runs from one to another.
void gather(const Pixels& image, const Grid& grid, size_t run, size_t end, int64_t pixel,
            int64_t count, BFloat16* to) {
  for (int64_t i = pixel; i < pixel + count; ++i) {
    const int64_t sample = i / grid.pixels(), place = i % grid.pixels();
    const int64_t row = place / grid.columns * grid.row_step;
    const int64_t column = place % grid.columns * grid.column_step;
    for (size_t one = run; one < end; ++one) {
      const Run& at = grid.runs[one];
      to = gather_run(image, sample, row + at.row, column + at.column, at.taps, to);
    }
  }
}

// The largest of these that divides it.
int64_t divisor(int64_t value, int64_t most) {
  while (value % most != 0) most /= 2;
  return most;
}

// A weight as tiles take it: for each block of columns [taps * inner / 2, columns, 2].
class Packed {
 public:
  // `order`: which tap comes when. The inner channels are the small image's where it is read.
  Packed(const at::Tensor& weight, bool reads_small, const std::vector<int64_t>& order)
      : taps_(static_cast<int64_t>(order.size())),
        inner_(weight.size(reads_small ? 0 : 1)),
        columns_(weight.size(reads_small ? 1 : 0)),
        block_(divisor(columns_, kMostColumns)),
        values_(at::empty({taps_ * inner_ * columns_}, at::kBFloat16)) {
    const at::Tensor whole = weight.contiguous();
    const int64_t of_small = whole.stride(0), of_big = whole.stride(1);
    const int64_t by_inner = reads_small ? of_small : of_big;
    const int64_t by_column = reads_small ? of_big : of_small;
    const float* const from = whole.const_data_ptr<float>();
    auto* const to = values_.mutable_data_ptr<BFloat16>();
    const int64_t pairs = inner_ / 2, groups = columns_ / kChannels;
    at::parallel_for(0, pairs * groups, kChannels, [&](int64_t first, int64_t end) {
      std::vector<float> even(taps_ * kChannels), odd(taps_ * kChannels);
      for (int64_t i = first; i < end; ++i) {
        const int64_t pair = i % pairs, column = i / pairs * kChannels;
        const float* const part = from + 2 * pair * by_inner + column * by_column;
        transpose(part, by_column, kChannels, taps_, even.data(), kChannels);
        transpose(part + by_inner, by_column, kChannels, taps_, odd.data(), kChannels);
        const int64_t block = column / block_, place = column % block_;
        bfloat16::round_pairs(even.data(), odd.data(), order,
                              to + (block * taps_ * inner_ + 2 * pair) * block_ + 2 * place,
                              inner_ * block_);
      }
    });
  }
  int64_t columns() const { return columns_; }
  int64_t block() const { return block_; }
  Matrix<const BFloat16> at(int64_t block, int64_t tap) const {
    return {values_.const_data_ptr<BFloat16>() + (block * taps_ + tap) * inner_ * block_,
            2 * block_};
  }

 private:
  int64_t taps_, inner_, columns_, block_;
  at::Tensor values_;
};

// What one thread needs to make pixels, as many at a time as `most`.
class Maker {
 public:
  Maker(const Pixels& image, const Grid& grid, const Packed& weight, int64_t most)
      : image_(image),
        grid_(grid),
        weight_(weight),
        patches_(at::empty({most * widest()}, at::kBFloat16)),
        sums_(at::empty({most * weight.columns()}, at::kFloat)) {}

  void make(int64_t pixel, int64_t count, const Made& made) {
    int64_t tap = 0;
    // A kernel smaller than its steps leaves pixels that it does not reach.
    if (grid_.runs.empty()) sums_.zero_();
    for (size_t run = 0; run < grid_.runs.size();) {
      const size_t end = last_of(run);
      const int64_t taps = taps_of(run, end);
      gather(image_, grid_, run, end, pixel, count, patches_.mutable_data_ptr<BFloat16>());
      multiply(tap, taps, count);
      tap += taps;
      run = end;
    }
    const float* const sums = sums_.const_data_ptr<float>();
    for (int64_t i = 0; i < count; ++i) {
      bfloat16::round(sums + i * weight_.columns(), made.bias, weight_.columns(),
                      made.at(grid_, pixel + i));
    }
  }

 private:
  // As many runs as fit, but one at least.
  size_t last_of(size_t run) const {
    size_t end = run + 1;
    while (end < grid_.runs.size() && taps_of(run, end + 1) * image_.channels <= kMostInner) ++end;
    return end;
  }
  int64_t taps_of(size_t run, size_t end) const {
    int64_t taps = 0;
    for (size_t one = run; one < end; ++one) taps += grid_.runs[one].taps;
    return taps;
  }
  int64_t widest() const {
    int64_t most = kMostInner;
    for (const Run& run : grid_.runs) most = std::max(most, run.taps * image_.channels);
    return most;
  }
  void multiply(int64_t tap, int64_t taps, int64_t count) const {
    const int64_t inner = taps * image_.channels, block = weight_.block();
    float* const sums = sums_.mutable_data_ptr<float>();
    for (int64_t i = 0; i < weight_.columns() / block; ++i) {
      tiles_.multiply({count, inner, block}, {sums + i * block, weight_.columns()},
                      {patches_.const_data_ptr<BFloat16>(), inner},
                      weight_.at(i, grid_.first_tap + tap), /*accumulate=*/tap > 0);
    }
  }

  const Pixels& image_;
  const Grid& grid_;
  const Packed& weight_;
  at::Tensor patches_, sums_;
  Tiles tiles_;
};

// A share for each thread.
int64_t pixels_at_a_time(int64_t pixels) {
  const int64_t share = (pixels + at::get_num_threads() - 1) / at::get_num_threads();
  return std::min(kMostPixels, (share + kChannels - 1) / kChannels * kChannels);
}

void make(const Pixels& image, int64_t samples, const Grid& grid, const Packed& weight,
          const Made& made) {
  const int64_t pixels = samples * grid.pixels(), most = pixels_at_a_time(pixels);
  if (pixels == 0) return;
  at::parallel_for(0, (pixels + most - 1) / most, 1, [&](int64_t first, int64_t end) {
    Maker maker(image, grid, weight, most);
    for (int64_t i = first; i < end; ++i) {
      maker.make(i * most, std::min(most, pixels - i * most), made);
    }
  });
}

const float* values_of(const at::Tensor& bias) {
  return bias.defined() ? bias.const_data_ptr<float>() : nullptr;
}

at::Tensor empty_image(int64_t samples, int64_t channels, int64_t height, int64_t width) {
  return at::empty({samples, channels, height, width},
                   at::TensorOptions(at::kBFloat16).memory_format(at::MemoryFormat::ChannelsLast));
}

// One of the rests that a row, or a column, of the big image leaves when it is divided by the
// stride: those rows are made of every so many-th of the kernel's, from the last to the first.
struct Rest {
  Rest(int64_t rest, int64_t kernel, int64_t stride, int64_t padding, int64_t size)
      : first((rest + stride * padding - padding) % stride),
        count((size - first + stride - 1) / stride) {
    for (int64_t tap = rest; tap < kernel; tap += stride) taps.insert(taps.begin(), tap);
    if (!taps.empty()) source = (first + padding - taps.front()) / stride;
  }
  int64_t first, count;
  std::vector<int64_t> taps;
  int64_t source = 0;  // the row of the small image that the first of them sees
};

}  // namespace

at::Tensor to_small(const at::Tensor& big, const at::Tensor& weight, const at::Tensor& bias,
                    const Steps& steps) {
  const Pixels image(big);
  const int64_t height = weight.size(2), width = weight.size(3);
  Grid grid{(image.rows + 2 * steps.padding[0] - height) / steps.stride[0] + 1,
            (image.columns + 2 * steps.padding[1] - width) / steps.stride[1] + 1,
            steps.stride[0],
            steps.stride[1],
            {},
            /*first_tap=*/0};
  std::vector<int64_t> order;
  for (int64_t row = 0; row < height; ++row) {
    grid.runs.push_back({row - steps.padding[0], -steps.padding[1], width});
    for (int64_t column = 0; column < width; ++column) order.push_back(row * width + column);
  }
  const at::Tensor small = empty_image(big.size(0), weight.size(0), grid.rows, grid.columns);
  const Made made{small.mutable_data_ptr<BFloat16>(),
                  grid.rows,
                  grid.columns,
                  weight.size(0),
                  /*first_row=*/0,
                  /*first_column=*/0,
                  /*row_step=*/1,
                  /*column_step=*/1,
                  values_of(bias)};
  make(image, big.size(0), grid, Packed(weight, /*reads_small=*/false, order), made);
  return small;
}

at::Tensor to_big(const at::Tensor& small, const at::Tensor& weight, const at::Tensor& bias,
                  const Steps& steps, int64_t height, int64_t width) {
  const Pixels image(small);
  const at::Tensor big = empty_image(small.size(0), weight.size(1), height, width);
  std::vector<Grid> grids;
  std::vector<Made> made;
  std::vector<int64_t> order;
  for (int64_t i = 0; i < steps.stride[0] * steps.stride[1]; ++i) {
    const Rest rows(i / steps.stride[1], weight.size(2), steps.stride[0], steps.padding[0], height);
    const Rest columns(i % steps.stride[1], weight.size(3), steps.stride[1], steps.padding[1],
                       width);
    Grid grid{rows.count, columns.count, 1, 1, {}, static_cast<int64_t>(order.size())};
    const int64_t taps = static_cast<int64_t>(columns.taps.size());
    for (size_t row = 0; taps > 0 && row < rows.taps.size(); ++row) {
      grid.runs.push_back({rows.source + static_cast<int64_t>(row), columns.source, taps});
      for (const int64_t column : columns.taps) {
        order.push_back(rows.taps[row] * weight.size(3) + column);
      }
    }
    grids.push_back(std::move(grid));
    made.push_back({big.mutable_data_ptr<BFloat16>(), height, width, weight.size(1), rows.first,
                    columns.first, steps.stride[0], steps.stride[1], values_of(bias)});
  }
  const Packed packed(weight, /*reads_small=*/true, order);
  for (size_t i = 0; i < grids.size(); ++i) {
    make(image, small.size(0), grids[i], packed, made[i]);
  }
  return big;
}

}  // namespace sparring::bfloat16_conv
