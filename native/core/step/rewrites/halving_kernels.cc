#include "core/step/rewrites/halving_kernels.h"

#include <ATen/Dispatch.h>

#include <array>

#include "core/linalg/batch_product.h"
#include "core/step/rewrites/winograd.h"
#include "core/wide.h"

namespace sparring::halving {

using namespace winograd;

namespace {

constexpr int64_t kPoints = 9, kPhases = 4, kTaps = 16;
// Tiles at a time for sums over them, which are longer then.
constexpr int64_t kMostOfSum = 256;

template <class T>
using Window = std::array<const T*, 9>;  // 3 x 3 pixels

// The nine points of a window, `plane` apart.
template <class T>
SPARRING_WIDE void transform_window(const Window<T>& pixels, int64_t channels, T* points,
                                    int64_t plane) {
  const T *d0 = pixels[0], *d1 = pixels[1], *d2 = pixels[2], *d3 = pixels[3], *d4 = pixels[4],
          *d5 = pixels[5], *d6 = pixels[6], *d7 = pixels[7], *d8 = pixels[8];
#pragma GCC ivdep
  for (int64_t i = 0; i < channels; ++i) {
    const T a0 = d0[i] - d3[i], a1 = d1[i] - d4[i], a2 = d2[i] - d5[i];
    const T b0 = d3[i], b1 = d4[i], b2 = d5[i];
    const T c0 = b0 - d6[i], c1 = b1 - d7[i], c2 = b2 - d8[i];
    points[i] = a0 - a1;
    points[plane + i] = a1;
    points[2 * plane + i] = a1 - a2;
    points[3 * plane + i] = b0 - b1;
    points[4 * plane + i] = b1;
    points[5 * plane + i] = b1 - b2;
    points[6 * plane + i] = c0 - c1;
    points[7 * plane + i] = c1;
    points[8 * plane + i] = c1 - c2;
  }
}

// The nine points of 2x2 taps, or of pixels in their place.
template <class T>
SPARRING_WIDE void transform_kernel(const T* g0, const T* g1, const T* g2, const T* g3,
                                    int64_t channels, T* points, int64_t plane) {
#pragma GCC ivdep
  for (int64_t i = 0; i < channels; ++i) {
    const T c0 = g0[i] + g2[i], c1 = g1[i] + g3[i];
    points[i] = g0[i];
    points[plane + i] = g0[i] + g1[i];
    points[2 * plane + i] = g1[i];
    points[3 * plane + i] = c0;
    points[4 * plane + i] = c0 + c1;
    points[5 * plane + i] = c1;
    points[6 * plane + i] = g2[i];
    points[7 * plane + i] = g2[i] + g3[i];
    points[8 * plane + i] = g3[i];
  }
}

// The 2x2 results of nine points.
template <class T>
SPARRING_WIDE void untransform(const T* points, int64_t plane, int64_t channels, T* y0, T* y1,
                               T* y2, T* y3) {
#pragma GCC ivdep
  for (int64_t i = 0; i < channels; ++i) {
    const T m0 = points[3 * plane + i], m1 = points[4 * plane + i], m2 = points[5 * plane + i];
    const T a0 = points[i] + m0, a1 = points[plane + i] + m1, a2 = points[2 * plane + i] + m2;
    const T b0 = m0 - points[6 * plane + i], b1 = m1 - points[7 * plane + i],
            b2 = m2 - points[8 * plane + i];
    y0[i] = a0 + a1;
    y1[i] = a1 - a2;
    y2[i] = b0 + b1;
    y3[i] = b1 - b2;
  }
}

// The windows of the tiles: on the small image (`step` 1) or a phase of the big one (2), shifted by
// the phase. A tile's points are at `points` + tile · `line`, `plane` apart.
template <class T>
void transform_windows(const Pixels<T>& image, const Chunk& chunk, int64_t step, int64_t phase,
                       T* points, int64_t line, int64_t plane) {
  for (int64_t i = 0; i < chunk.count; ++i) {
    const Tile tile = chunk.tile(i);
    const int64_t row = 2 * step * tile.row + phase / 2 - 1;
    const int64_t column = 2 * step * tile.column + phase % 2 - 1;
    Window<T> window;
    for (int64_t k = 0; k < 9; ++k) {
      window[k] = image.at(tile.image, row + k / 3 * step, column + k % 3 * step);
    }
    transform_window<T>(window, image.channels, points + i * line, plane);
  }
}

// The pixels of the tiles in the place of a kernel's taps.
template <class T>
void transform_tiles(const Pixels<T>& image, const Chunk& chunk, T* points, int64_t plane) {
  for (int64_t i = 0; i < chunk.count; ++i) {
    const Tile tile = chunk.tile(i);
    const auto pixel = [&](int64_t row, int64_t column) {
      return image.at(tile.image, 2 * tile.row + row, 2 * tile.column + column);
    };
    transform_kernel<T>(pixel(0, 0), pixel(0, 1), pixel(1, 0), pixel(1, 1), image.channels,
                        points + i * image.channels, plane);
  }
}

// `step` and `phase` as above.
template <class T>
void untransform_tiles(const T* points, const Chunk& chunk, int64_t step, int64_t phase,
                       const at::Tensor& image) {
  const int64_t channels = image.size(1);
  write_tiles<T>(chunk, step, phase, image, [&](int64_t i, T* y0, T* y1, T* y2, T* y3) {
    untransform<T>(points + i * channels, chunk.count * channels, channels, y0, y1, y2, y3);
  });
}

// Where the four taps of a phase are among a line's.
template <class T>
std::array<T*, 4> taps_of(int64_t phase, T* taps, int64_t length) {
  T* first = taps + (phase / 2 * 4 + phase % 2) * length;
  return {first, first + 2 * length, first + 8 * length, first + 10 * length};
}

// The sums of products of a phase, over a part of the tiles: [9, small, big].
template <class T>
void add_products(const Pixels<T>& big, const Pixels<T>& small, const Chunk& part, int64_t phase,
                  T* sums) {
  const int64_t most = std::min(kMostOfSum, part.count);
  const int64_t points_plane = most * big.channels, kernels_plane = most * small.channels;
  const at::Tensor room = room_for<T>(kPoints * (points_plane + kernels_plane));
  T* const points = room.mutable_data_ptr<T>();
  T* const kernels = points + kPoints * points_plane;
  for (int64_t done = 0; done < part.count; done += most) {
    const Chunk chunk{part.grid, part.first + done, std::min(most, part.count - done)};
    transform_windows<T>(big, chunk, 2, phase, points, big.channels, points_plane);
    transform_tiles<T>(small, chunk, kernels, kernels_plane);
    batch_product<T>({kPoints, small.channels, chunk.count, big.channels},
                     {sums, small.channels * big.channels, big.channels},
                     {kernels, kernels_plane, small.channels}, {points, points_plane, big.channels},
                     /*accumulate=*/true,
                     /*transposes_a=*/true);
  }
}

// [4, 9, small, big] -> [small, big, 4, 4]
template <class T>
void untransform_weight(const at::Tensor& sums, const at::Tensor& weight) {
  const int64_t small = weight.size(0), big = weight.size(1);
  const T* from = sums.const_data_ptr<T>();
  T* to = weight.mutable_data_ptr<T>();
  for_lines<T>(small, kTaps * big, [&](int64_t line, T* taps) {
    for (int64_t phase = 0; phase < kPhases; ++phase) {
      const auto [y0, y1, y2, y3] = taps_of(phase, taps, big);
      untransform<T>(from + (phase * kPoints * small + line) * big, small * big, big, y0, y1, y2,
                     y3);
    }
    for (int64_t i = 0; i < big; ++i) {
      T* own = to + (line * big + i) * kTaps;
      for (int64_t tap = 0; tap < kTaps; ++tap) own[tap] = taps[tap * big + i];
    }
  });
}

}  // namespace

at::Tensor transform_weight(const at::Tensor& weight, Direction direction) {
  const at::Tensor whole = weight.detach().contiguous();
  const bool halves = direction == Direction::kHalve;
  const int64_t small = whole.size(0), big = whole.size(1);
  const int64_t length = halves ? small : big, step = halves ? big * kTaps : kTaps;
  const int64_t line_step = halves ? kTaps : big * kTaps;
  const at::Tensor all = halves ? at::empty({kPoints, kPhases * big, small}, whole.options())
                                : at::empty({kPhases, kPoints, small, big}, whole.options());
  AT_DISPATCH_FLOATING_TYPES(whole.scalar_type(), "transform_weight", [&] {
    using T = scalar_t;
    const T* from = whole.const_data_ptr<T>();
    T* to = all.mutable_data_ptr<T>();
    for_lines<T>(halves ? big : small, kTaps * length, [&](int64_t line, T* taps) {
      for (int64_t i = 0; i < length; ++i) {
        const T* own = from + line * line_step + i * step;
        for (int64_t tap = 0; tap < kTaps; ++tap) taps[tap * length + i] = own[tap];
      }
      for (int64_t phase = 0; phase < kPhases; ++phase) {
        const auto [g0, g1, g2, g3] = taps_of(phase, taps, length);
        if (halves) {
          transform_kernel<T>(g0, g1, g2, g3, length, to + (phase * big + line) * small,
                              kPhases * big * small);
        } else {
          // The taps of a phase there are those of the opposite one here, the other way round.
          const int64_t opposite = kPhases - 1 - phase;
          transform_kernel<T>(g3, g2, g1, g0, length,
                              to + (opposite * kPoints * small + line) * big, small * big);
        }
      }
    });
  });
  return all;
}

at::Tensor halve(const at::Tensor& image, const at::Tensor& transformed) {
  const int64_t big = image.size(1), small = transformed.size(2), line = kPhases * big;
  const Grid grid{image.size(0), image.size(2) / 2, image.size(3) / 2};
  const at::Tensor output = empty_image(image, {grid.batch, small, grid.height, grid.width});
  AT_DISPATCH_FLOATING_TYPES(image.scalar_type(), "halve", [&] {
    using T = scalar_t;
    const std::vector<T> zeros(big);
    const Pixels<T> pixels(image, zeros.data());
    const Matrices<const T> weights{transformed.const_data_ptr<T>(), line * small, small};
    for_chunks<T>(grid, kPoints * (line + small), [&](const Chunk& chunk, T* points) {
      const int64_t plane = chunk.count * line;
      T* const products = points + kPoints * plane;
      for (int64_t phase = 0; phase < kPhases; ++phase) {
        transform_windows<T>(pixels, chunk, 2, phase, points + phase * big, line, plane);
      }
      batch_product<T>({kPoints, chunk.count, line, small}, {products, chunk.count * small, small},
                       {points, plane, line}, weights);
      untransform_tiles<T>(products, chunk, 1, 0, output);
    });
  });
  return output;
}

at::Tensor twice(const at::Tensor& image, const at::Tensor& transformed) {
  const int64_t small = image.size(1), big = transformed.size(3);
  const Grid grid{image.size(0), image.size(2), image.size(3)};
  const at::Tensor output = empty_image(image, {grid.batch, big, 2 * grid.height, 2 * grid.width});
  AT_DISPATCH_FLOATING_TYPES(image.scalar_type(), "twice", [&] {
    using T = scalar_t;
    const std::vector<T> zeros(small);
    const Pixels<T> pixels(image, zeros.data());
    const T* const weights = transformed.const_data_ptr<T>();
    for_chunks<T>(grid, kPoints * (small + big), [&](const Chunk& chunk, T* points) {
      const int64_t plane = chunk.count * small;
      T* const products = points + kPoints * plane;
      for (int64_t phase = 0; phase < kPhases; ++phase) {
        transform_windows<T>(pixels, chunk, 1, phase, points, small, plane);
        batch_product<T>({kPoints, chunk.count, small, big}, {products, chunk.count * big, big},
                         {points, plane, small},
                         {weights + phase * kPoints * small * big, small * big, big});
        untransform_tiles<T>(products, chunk, 2, phase, output);
      }
    });
  });
  return output;
}

at::Tensor weight_gradient(const at::Tensor& big_image, const at::Tensor& small_image) {
  const int64_t small = small_image.size(1), big = big_image.size(1);
  const Grid grid{small_image.size(0), small_image.size(2), small_image.size(3)};
  const int64_t tiles = grid.tiles(), threads = std::max(1, at::get_num_threads());
  // Phases are shared out, and the tiles too where there are more threads: with sums of their own.
  const int64_t parts = (threads + kPhases - 1) / kPhases, each = (tiles + parts - 1) / parts;
  const auto options = at::TensorOptions(small_image.scalar_type());
  const at::Tensor sums = at::zeros({parts, kPhases, kPoints, small, big}, options);
  const at::Tensor gradient = at::empty({small, big, 4, 4}, options);
  AT_DISPATCH_FLOATING_TYPES(small_image.scalar_type(), "weight_gradient", [&] {
    using T = scalar_t;
    const std::vector<T> zeros(std::max(big, small));
    const Pixels<T> wide(big_image, zeros.data()), narrow(small_image, zeros.data());
    at::parallel_for(0, parts * kPhases, 1, [&](int64_t begin, int64_t end) {
      for (int64_t unit = begin; unit < end; ++unit) {
        const int64_t part = unit / kPhases, phase = unit % kPhases, first = part * each;
        if (first >= tiles) continue;
        add_products<T>(wide, narrow, {grid, first, std::min(each, tiles - first)}, phase,
                        sums.mutable_data_ptr<T>() + unit * kPoints * small * big);
      }
    });
    untransform_weight<T>(parts == 1 ? sums[0] : sums.sum(0), gradient);
  });
  return gradient;
}

}  // namespace sparring::halving
