// What convolutions with fewer multiplications have in common (winograd_rules.h): the results are
// cut into square tiles, each made of a window of the input, and both are worked on at the points
// of a rule. There a convolution is a product of matrices, [tiles, channels] times [channels,
// channels], for each point. Images are channels last.
#pragma once

#include <ATen/Parallel.h>

#include <algorithm>
#include <array>
#include <vector>

#include "core/linalg/batch_product.h"
#include "core/linalg/transpose.h"
#include "core/nn/shape.h"
#include "core/step/rewrites/winograd_rules.h"
#include "core/torch.h"

namespace sparring::winograd {

// In the input and in the result. The products grow with both, the transforms with one at a time:
// fewer do not pay for 4x4 kernels, and have not been tried for 3x3 ones.
constexpr int64_t kFewestChannels = 32;

// Images that are cut into tiles of `side` x `side` pixels.
struct Grid {
  int64_t batch, height, width, side;
  int64_t rows() const { return (height + side - 1) / side; }
  int64_t columns() const { return (width + side - 1) / side; }
  int64_t tiles_of_one() const { return rows() * columns(); }
  int64_t tiles() const { return batch * tiles_of_one(); }
};

struct Tile {
  int64_t image, row, column;  // of its first pixel
};

// Tiles that a thread has in hand.
struct Chunk {
  const Grid& grid;
  int64_t first, count;
  Tile tile(int64_t i) const {
    const int64_t each = grid.tiles_of_one(), index = first + i;
    return {index / each, index % each / grid.columns() * grid.side,
            index % grid.columns() * grid.side};
  }
};

// Where the pixels of tiles are: on every `step`th of an image, beginning at (row, column).
struct Places {
  int64_t step, row, column;
};

// An image with its channels last, and zeros around it.
template <class T>
struct Pixels {
  Pixels(const at::Tensor& image, const T* zeros)
      : data(image.const_data_ptr<T>()),
        zeros(zeros),
        channels(image.size(1)),
        next(image.size(1)),
        height(image.size(2)),
        width(image.size(3)) {}
  const T* at(int64_t image, int64_t row, int64_t column) const {
    if (row < 0 || column < 0 || row >= height || column >= width) return zeros;
    return data + ((image * height + row) * width + column) * next;
  }
  // Only some of the channels.
  Pixels of_channels(int64_t first, int64_t count) const {
    Pixels some = *this;
    some.data += first;
    some.channels = count;
    return some;
  }
  const T *data, *zeros;
  int64_t channels, next, height, width;  // `next`: from a pixel to the one on its right
};

// How far apart lines of so many values are laid: by whole cache lines, and an odd number of them.
// Lines a power of two apart would fall on the same few places of a cache, which has 8 to 16 of
// each; a transform with 25 points was six times as slow.
template <class T>
constexpr int64_t apart(int64_t values) {
  constexpr int64_t kLine = 64 / sizeof(T);
  return ((values + kLine - 1) / kLine | 1) * kLine;
}

// From one row of a matrix to the next. Without the line between rows of 2 KiB a product of 512 by
// 512 took a sixth longer, where the second cache has 512 KiB; one of shorter rows did not.
template <class T>
constexpr int64_t row_of(int64_t columns) {
  constexpr int64_t kLine = 64 / sizeof(T), kMany = 2048 / sizeof(T);
  return columns % kMany == 0 ? columns + kLine : columns;
}

// How a matrix for each point is laid in memory.
template <class T>
struct Layout {
  Layout(int64_t points, int64_t rows, int64_t columns)
      : row(row_of<T>(columns)), plane(apart<T>(rows * row)), values(points * plane) {}
  Matrices<T> at(T* first) const { return {first, plane, row}; }
  int64_t row, plane, values;
};

template <class T>
void add(const T* more, int64_t length, T* to) {
  for (int64_t i = 0; i < length; ++i) to[i] += more[i];
}

// Of a bias for each channel, which may be undefined: then null.
template <class T>
const T* bias_values(const at::Tensor& bias) {
  return bias.defined() ? bias.const_data_ptr<T>() : nullptr;
}

// The points of the pixels of tiles: kFactors is the rule's window, or its tile. A tile has a row
// of each matrix.
template <const auto& kFactors, class T>
void transform_pixels(const Pixels<T>& image, const Chunk& chunk, const Places& places,
                      const Matrices<T>& points) {
  constexpr int kGiven = kFactors.columns, kMade = kFactors.rows;
  for (int64_t i = 0; i < chunk.count; ++i) {
    const Tile tile = chunk.tile(i);
    std::array<const T*, kGiven * kGiven> from;
    std::array<T*, kMade * kMade> to;
    for (int k = 0; k < kGiven * kGiven; ++k) {
      from[k] = image.at(tile.image, places.step * (tile.row + k / kGiven) + places.row,
                         places.step * (tile.column + k % kGiven) + places.column);
    }
    for (int k = 0; k < kMade * kMade; ++k) to[k] = points.first + k * points.next + i * points.row;
    transform<kFactors, T>(from.data(), image.channels, to.data());
  }
}

// The way back, by the rule's results, with a bias for each channel, or null. What stands out of
// the image goes nowhere.
template <const auto& kFactors, class T>
void untransform_tiles(const Matrices<T>& points, const Chunk& chunk, const Places& places,
                       const T* bias, const at::Tensor& image) {
  constexpr int kGiven = kFactors.columns, kMade = kFactors.rows;
  const int64_t channels = image.size(1), height = image.size(2), width = image.size(3);
  std::vector<T> nowhere(channels);
  T* const data = image.mutable_data_ptr<T>();
  for (int64_t i = 0; i < chunk.count; ++i) {
    const Tile tile = chunk.tile(i);
    std::array<const T*, kGiven * kGiven> from;
    std::array<T*, kMade * kMade> to;
    for (int k = 0; k < kGiven * kGiven; ++k) {
      from[k] = points.first + k * points.next + i * points.row;
    }
    // One value of a tile, and so a part of a pass over the results: see adds_evenly().
    if (bias != nullptr)
      add(bias, channels, points.first + (kGiven + 1) * points.next + i * points.row);
    for (int k = 0; k < kMade * kMade; ++k) {
      const int64_t row = places.step * (tile.row + k / kMade) + places.row;
      const int64_t column = places.step * (tile.column + k % kMade) + places.column;
      const bool is_outside = row >= height || column >= width;
      to[k] = is_outside ? nowhere.data()
                         : data + ((tile.image * height + row) * width + column) * channels;
    }
    transform<kFactors, T>(from.data(), channels, to.data());
  }
}

inline at::Tensor empty_image(const at::Tensor& like, const Shape& shape) {
  return at::empty(shape, like.options().memory_format(at::MemoryFormat::ChannelsLast));
}

// Aligned as vectors like it, in memory that is kept.
template <class T>
at::Tensor room_for(int64_t values) {
  return at::empty({values}, at::TensorOptions(c10::CppTypeToScalarType<T>::value));
}

// Calls function(rule, grid) with that of the two with fewer products for results of that size; of
// equals the first, with the smaller tiles and the smaller errors.
template <class Small, class Large, class Function>
void with_fewest(int64_t batch, int64_t height, int64_t width, const Function& function) {
  const Grid small{batch, height, width, Small::kTile}, large{batch, height, width, Large::kTile};
  const bool needs_fewer = large.tiles_of_one() * Large::kPoints * Large::kPoints <
                           small.tiles_of_one() * Small::kPoints * Small::kPoints;
  if (needs_fewer && large.tiles() >= Large::kFewestTiles) {
    function(Large(), large);
  } else {
    function(Small(), small);
  }
}

// The products of one image's results in a channel, by that rule.
template <class Small, class Large>
int64_t fewest_products(int64_t batch, int64_t height, int64_t width) {
  int64_t products = 0;
  with_fewest<Small, Large>(batch, height, width, [&](auto rule, const Grid& grid) {
    products = grid.tiles_of_one() * rule.kPoints * rule.kPoints;
  });
  return products;
}

// How many tiles a thread has in hand at a time: products large enough for the library, and values
// that stay in its cache.
inline int64_t most_tiles(const Grid& grid) {
  constexpr int64_t kMost = 64;
  const int64_t threads = std::max(1, at::get_num_threads());
  return std::clamp<int64_t>((grid.tiles() + threads - 1) / threads, 1, kMost);
}

// Calls function(chunk, room) on the threads, with room for so many values, the thread's own.
template <class T, class Function>
void for_chunks(const Grid& grid, int64_t most, int64_t values, const Function& function) {
  const int64_t tiles = grid.tiles();
  at::parallel_for(0, (tiles + most - 1) / most, 1, [&](int64_t begin, int64_t end) {
    const at::Tensor room = room_for<T>(values);
    for (int64_t i = begin; i < end; ++i) {
      function(Chunk{grid, i * most, std::min(most, tiles - i * most)}, room.mutable_data_ptr<T>());
    }
  });
}

// So many things in at most so many parts of one size, a multiple of `unit`; none is empty.
struct Parts {
  Parts(int64_t all, int64_t most, int64_t unit = 1)
      : all(all),
        each(((all + most - 1) / most + unit - 1) / unit * unit),
        count((all + each - 1) / each) {}
  int64_t first(int64_t part) const { return part * each; }
  int64_t size(int64_t part) const { return std::min(each, all - first(part)); }
  int64_t all, each, count;
};

// How threads share sums over all tiles. Each has some of the results' channels, for which it makes
// all windows anew; and some of the tiles where there are many: parts have sums of their own, which
// are added up in the end.
class Shares {
 public:
  struct Share {
    int64_t part, first_tile, tiles, first_channel, channels;
  };

  // Channels that fill a vector.
  static constexpr int64_t kVector = 16;
  // `unit`: channels that stay together.
  Shares(int64_t tiles, int64_t channels, int64_t threads, int64_t unit = kVector)
      : tiles_(tiles, std::clamp<int64_t>(tiles / kWorthSums, 1, threads)),
        channels_(channels, std::max<int64_t>(1, threads / tiles_.count), unit) {}
  int64_t parts() const { return tiles_.count; }
  int64_t count() const { return tiles_.count * channels_.count; }
  Share at(int64_t i) const {
    const int64_t part = i / channels_.count, group = i % channels_.count;
    return {part, tiles_.first(part), tiles_.size(part), channels_.first(group),
            channels_.size(group)};
  }

 private:
  // Tiles that are worth sums of their own.
  static constexpr int64_t kWorthSums = 256;
  Parts tiles_, channels_;
};

// Calls function(line, taps) for the rows or columns of a weight, on the threads: with room for
// `count` taps of `length` values, apart<T>(length) from tap to tap.
template <class T, class Function>
void for_lines(int64_t lines, int64_t count, int64_t length, const Function& function) {
  const int64_t values = count * apart<T>(length);
  at::parallel_for(0, lines, std::max<int64_t>(1, 65536 / values), [&](int64_t begin, int64_t end) {
    std::vector<T> room(values);
    for (int64_t line = begin; line < end; ++line) function(line, room.data());
  });
}

// The taps of a line, which lie together in a weight, `step` from value to value, into that room.
template <class T>
void gather_taps(const T* from, int64_t step, int64_t count, int64_t length, T* taps) {
  transpose(from, step, length, count, taps, apart<T>(length));
}

// And back, to a line whose values are beside each other.
template <class T>
void scatter_taps(const T* taps, int64_t count, int64_t length, T* to) {
  transpose(taps, apart<T>(length), count, length, to, count);
}

}  // namespace sparring::winograd
