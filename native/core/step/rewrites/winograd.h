// What convolutions with fewer multiplications have in common (Winograd 1980; Lavin and Gray 2016,
// arXiv:1509.09308): the results are cut into tiles of 2x2, each made of a window of the input, and
// both are worked on at the points of a transformed one. There a convolution is a product of
// matrices, [tiles, channels] times [channels, channels], for each point. Images are channels last.
#pragma once

#include <ATen/Parallel.h>

#include <algorithm>
#include <vector>

#include "core/nn/shape.h"
#include "core/torch.h"

namespace sparring::winograd {

// Tiles that a thread has in hand at a time: products large enough for the library, and values that
// stay in its cache.
constexpr int64_t kMostTiles = 64;

// In the input and in the result. The products grow with both, the transforms with one at a time:
// fewer do not pay for 4x4 kernels, and have not been tried for 3x3 ones.
constexpr int64_t kFewestChannels = 32;

// Images that are cut into tiles of 2x2 pixels.
struct Grid {
  int64_t batch, height, width;
  int64_t rows() const { return (height + 1) / 2; }
  int64_t columns() const { return (width + 1) / 2; }
  int64_t tiles() const { return batch * rows() * columns(); }
};

struct Tile {
  int64_t image, row, column;
};

inline Tile tile_at(const Grid& grid, int64_t index) {
  const int64_t each = grid.rows() * grid.columns();
  return {index / each, index % each / grid.columns(), index % grid.columns()};
}

// Tiles that a thread has in hand.
struct Chunk {
  const Grid& grid;
  int64_t first, count;
  Tile tile(int64_t i) const { return tile_at(grid, first + i); }
};

// An image with its channels last, and zeros around it.
template <class T>
struct Pixels {
  Pixels(const at::Tensor& image, const T* zeros)
      : data(image.const_data_ptr<T>()),
        zeros(zeros),
        channels(image.size(1)),
        height(image.size(2)),
        width(image.size(3)) {}
  const T* at(int64_t image, int64_t row, int64_t column) const {
    if (row < 0 || column < 0 || row >= height || column >= width) return zeros;
    return data + ((image * height + row) * width + column) * channels;
  }
  const T *data, *zeros;
  int64_t channels, height, width;
};

// Calls write(tile, y0, y1, y2, y3) with where the pixels of each tile go: on the image (`step` 1),
// or on a phase of one twice as large (2). What stands out of it goes nowhere.
template <class T, class Write>
void write_tiles(const Chunk& chunk, int64_t step, int64_t phase, const at::Tensor& image,
                 const Write& write) {
  const int64_t channels = image.size(1), height = image.size(2), width = image.size(3);
  std::vector<T> nowhere(channels);
  T* const data = image.mutable_data_ptr<T>();
  for (int64_t i = 0; i < chunk.count; ++i) {
    const Tile tile = chunk.tile(i);
    const auto pixel = [&](int64_t down, int64_t right) {
      const int64_t row = (2 * tile.row + down) * step + phase / 2;
      const int64_t column = (2 * tile.column + right) * step + phase % 2;
      if (row >= height || column >= width) return nowhere.data();
      return data + ((tile.image * height + row) * width + column) * channels;
    };
    write(i, pixel(0, 0), pixel(0, 1), pixel(1, 0), pixel(1, 1));
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

// Calls function(chunk, room) on the threads, with room for `each` values a tile, the thread's own.
template <class T, class Function>
void for_chunks(const Grid& grid, int64_t each, const Function& function) {
  const int64_t threads = std::max(1, at::get_num_threads()), tiles = grid.tiles();
  const int64_t most = std::clamp<int64_t>((tiles + threads - 1) / threads, 1, kMostTiles);
  at::parallel_for(0, (tiles + most - 1) / most, 1, [&](int64_t begin, int64_t end) {
    const at::Tensor room = room_for<T>(most * each);
    for (int64_t i = begin; i < end; ++i) {
      function(Chunk{grid, i * most, std::min(most, tiles - i * most)}, room.mutable_data_ptr<T>());
    }
  });
}

// Calls function(line, taps) for the rows or columns of a weight, on the threads: with room for
// so many taps.
template <class T, class Function>
void for_lines(int64_t lines, int64_t taps, const Function& function) {
  at::parallel_for(0, lines, std::max<int64_t>(1, 65536 / taps), [&](int64_t begin, int64_t end) {
    std::vector<T> room(taps);
    for (int64_t line = begin; line < end; ++line) function(line, room.data());
  });
}

}  // namespace sparring::winograd
