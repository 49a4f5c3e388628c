#include "core/step/rewrites/same_conv_kernels.h"

#include <ATen/Dispatch.h>

#include <array>

#include "core/linalg/batch_product.h"
#include "core/step/rewrites/winograd.h"
#include "core/wide.h"

namespace sparring::same_conv {

using namespace winograd;

namespace {

constexpr int64_t kPoints = 16, kTaps = 9;
// Tiles at a time for sums over them, which are longer then.
constexpr int64_t kMostOfSum = 128;

template <class T>
using Window = std::array<const T*, 16>;  // 4 x 4 pixels

// The points of a window, `plane` apart.
template <class T>
SPARRING_WIDE void transform_window(const Window<T>& pixels, int64_t channels, T* points,
                                    int64_t plane) {
  const T *p0 = pixels[0], *p1 = pixels[1], *p2 = pixels[2], *p3 = pixels[3], *p4 = pixels[4],
          *p5 = pixels[5], *p6 = pixels[6], *p7 = pixels[7], *p8 = pixels[8], *p9 = pixels[9],
          *p10 = pixels[10], *p11 = pixels[11], *p12 = pixels[12], *p13 = pixels[13],
          *p14 = pixels[14], *p15 = pixels[15];
#pragma GCC ivdep
  for (int64_t i = 0; i < channels; ++i) {
    const T b0 = p4[i], b1 = p5[i], b2 = p6[i], b3 = p7[i];
    const T c0 = p8[i], c1 = p9[i], c2 = p10[i], c3 = p11[i];
    const T u0 = p0[i] - c0, u1 = p1[i] - c1, u2 = p2[i] - c2, u3 = p3[i] - c3;
    const T v0 = b0 + c0, v1 = b1 + c1, v2 = b2 + c2, v3 = b3 + c3;
    const T w0 = c0 - b0, w1 = c1 - b1, w2 = c2 - b2, w3 = c3 - b3;
    const T x0 = b0 - p12[i], x1 = b1 - p13[i], x2 = b2 - p14[i], x3 = b3 - p15[i];
    points[i] = u0 - u2;
    points[plane + i] = u1 + u2;
    points[2 * plane + i] = u2 - u1;
    points[3 * plane + i] = u1 - u3;
    points[4 * plane + i] = v0 - v2;
    points[5 * plane + i] = v1 + v2;
    points[6 * plane + i] = v2 - v1;
    points[7 * plane + i] = v1 - v3;
    points[8 * plane + i] = w0 - w2;
    points[9 * plane + i] = w1 + w2;
    points[10 * plane + i] = w2 - w1;
    points[11 * plane + i] = w1 - w3;
    points[12 * plane + i] = x0 - x2;
    points[13 * plane + i] = x1 + x2;
    points[14 * plane + i] = x2 - x1;
    points[15 * plane + i] = x1 - x3;
  }
}

// What the points of a tile are told of its pixels: the transpose of untransform().
template <class T>
SPARRING_WIDE void transform_tile(const T* y0, const T* y1, const T* y2, const T* y3,
                                  int64_t channels, T* points, int64_t plane) {
#pragma GCC ivdep
  for (int64_t i = 0; i < channels; ++i) {
    const T a = y0[i], b = y1[i], c = y2[i], d = y3[i];
    const T s0 = a + c, s1 = b + d, t0 = a - c, t1 = b - d;
    points[i] = a;
    points[plane + i] = a + b;
    points[2 * plane + i] = a - b;
    points[3 * plane + i] = -b;
    points[4 * plane + i] = s0;
    points[5 * plane + i] = s0 + s1;
    points[6 * plane + i] = s0 - s1;
    points[7 * plane + i] = -s1;
    points[8 * plane + i] = t0;
    points[9 * plane + i] = t0 + t1;
    points[10 * plane + i] = t0 - t1;
    points[11 * plane + i] = -t1;
    points[12 * plane + i] = -c;
    points[13 * plane + i] = -c - d;
    points[14 * plane + i] = d - c;
    points[15 * plane + i] = d;
  }
}

// The 2x2 results of the points.
template <class T>
SPARRING_WIDE void untransform(const T* points, int64_t plane, int64_t channels, T* y0, T* y1,
                               T* y2, T* y3) {
#pragma GCC ivdep
  for (int64_t i = 0; i < channels; ++i) {
    const T b0 = points[4 * plane + i], b1 = points[5 * plane + i], b2 = points[6 * plane + i],
            b3 = points[7 * plane + i];
    const T c0 = points[8 * plane + i], c1 = points[9 * plane + i], c2 = points[10 * plane + i],
            c3 = points[11 * plane + i];
    const T u0 = points[i] + b0 + c0, u1 = points[plane + i] + b1 + c1,
            u2 = points[2 * plane + i] + b2 + c2, u3 = points[3 * plane + i] + b3 + c3;
    const T v0 = b0 - c0 - points[12 * plane + i], v1 = b1 - c1 - points[13 * plane + i],
            v2 = b2 - c2 - points[14 * plane + i], v3 = b3 - c3 - points[15 * plane + i];
    y0[i] = u0 + u1 + u2;
    y1[i] = u1 - u2 - u3;
    y2[i] = v0 + v1 + v2;
    y3[i] = v1 - v2 - v3;
  }
}

// The points of 3x3 taps, `length` apart.
template <class T>
SPARRING_WIDE void transform_kernel(const T* taps, int64_t length, T* points, int64_t plane) {
  const T half = T(0.5);
#pragma GCC ivdep
  for (int64_t i = 0; i < length; ++i) {
    const T g0 = taps[i], g1 = taps[length + i], g2 = taps[2 * length + i];
    const T g3 = taps[3 * length + i], g4 = taps[4 * length + i], g5 = taps[5 * length + i];
    const T g6 = taps[6 * length + i], g7 = taps[7 * length + i], g8 = taps[8 * length + i];
    const T s0 = half * (g0 + g6), s1 = half * (g1 + g7), s2 = half * (g2 + g8);
    const T m0 = half * g3, m1 = half * g4, m2 = half * g5;
    const T v0 = s0 + m0, v1 = s1 + m1, v2 = s2 + m2;
    const T w0 = s0 - m0, w1 = s1 - m1, w2 = s2 - m2;
    points[i] = g0;
    points[plane + i] = half * (g0 + g1 + g2);
    points[2 * plane + i] = half * (g0 - g1 + g2);
    points[3 * plane + i] = g2;
    points[4 * plane + i] = v0;
    points[5 * plane + i] = half * (v0 + v1 + v2);
    points[6 * plane + i] = half * (v0 - v1 + v2);
    points[7 * plane + i] = v2;
    points[8 * plane + i] = w0;
    points[9 * plane + i] = half * (w0 + w1 + w2);
    points[10 * plane + i] = half * (w0 - w1 + w2);
    points[11 * plane + i] = w2;
    points[12 * plane + i] = g6;
    points[13 * plane + i] = half * (g6 + g7 + g8);
    points[14 * plane + i] = half * (g6 - g7 + g8);
    points[15 * plane + i] = g8;
  }
}

// The transpose of transform_kernel(): from sums at the points to the gradient for the taps.
template <class T>
SPARRING_WIDE void untransform_kernel(const T* points, int64_t plane, int64_t length, T* taps) {
  const T half = T(0.5);
#pragma GCC ivdep
  for (int64_t i = 0; i < length; ++i) {
    const T b0 = points[4 * plane + i], b1 = points[5 * plane + i], b2 = points[6 * plane + i],
            b3 = points[7 * plane + i];
    const T c0 = points[8 * plane + i], c1 = points[9 * plane + i], c2 = points[10 * plane + i],
            c3 = points[11 * plane + i];
    const T s0 = half * (b0 + c0), s1 = half * (b1 + c1), s2 = half * (b2 + c2),
            s3 = half * (b3 + c3);
    const T v0 = half * (b0 - c0), v1 = half * (b1 - c1), v2 = half * (b2 - c2),
            v3 = half * (b3 - c3);
    const T u0 = points[i] + s0, u1 = points[plane + i] + s1, u2 = points[2 * plane + i] + s2,
            u3 = points[3 * plane + i] + s3;
    const T w0 = points[12 * plane + i] + s0, w1 = points[13 * plane + i] + s1,
            w2 = points[14 * plane + i] + s2, w3 = points[15 * plane + i] + s3;
    taps[i] = u0 + half * (u1 + u2);
    taps[length + i] = half * (u1 - u2);
    taps[2 * length + i] = u3 + half * (u1 + u2);
    taps[3 * length + i] = v0 + half * (v1 + v2);
    taps[4 * length + i] = half * (v1 - v2);
    taps[5 * length + i] = v3 + half * (v1 + v2);
    taps[6 * length + i] = w0 + half * (w1 + w2);
    taps[7 * length + i] = half * (w1 - w2);
    taps[8 * length + i] = w3 + half * (w1 + w2);
  }
}

// A tile's points are at `points` + tile · channels, `plane` apart.
template <class T>
void transform_windows(const Pixels<T>& image, const Chunk& chunk, T* points, int64_t plane) {
  for (int64_t i = 0; i < chunk.count; ++i) {
    const Tile tile = chunk.tile(i);
    const int64_t row = 2 * tile.row - 1, column = 2 * tile.column - 1;
    Window<T> window;
    for (int64_t k = 0; k < kPoints; ++k) {
      window[k] = image.at(tile.image, row + k / 4, column + k % 4);
    }
    transform_window<T>(window, image.channels, points + i * image.channels, plane);
  }
}

template <class T>
void transform_tiles(const Pixels<T>& image, const Chunk& chunk, T* points, int64_t plane) {
  for (int64_t i = 0; i < chunk.count; ++i) {
    const Tile tile = chunk.tile(i);
    const auto pixel = [&](int64_t down, int64_t right) {
      return image.at(tile.image, 2 * tile.row + down, 2 * tile.column + right);
    };
    transform_tile<T>(pixel(0, 0), pixel(0, 1), pixel(1, 0), pixel(1, 1), image.channels,
                      points + i * image.channels, plane);
  }
}

// The sums of products at the points, over a part of the tiles: [16, out, in].
template <class T>
void add_products(const Pixels<T>& image, const Pixels<T>& gradient, const Chunk& part, T* sums) {
  const int64_t in = image.channels, out = gradient.channels;
  const int64_t most = std::min(kMostOfSum, part.count);
  const int64_t of_image = most * in, of_gradient = most * out;
  const at::Tensor room = room_for<T>(kPoints * (of_image + of_gradient));
  T* const windows = room.mutable_data_ptr<T>();
  T* const tiles = windows + kPoints * of_image;
  for (int64_t done = 0; done < part.count; done += most) {
    const Chunk chunk{part.grid, part.first + done, std::min(most, part.count - done)};
    transform_windows<T>(image, chunk, windows, of_image);
    transform_tiles<T>(gradient, chunk, tiles, of_gradient);
    batch_product<T>({kPoints, out, chunk.count, in}, {sums, out * in, in},
                     {tiles, of_gradient, out}, {windows, of_image, in}, /*accumulate=*/true,
                     /*transposes_a=*/true);
  }
}

Grid grid_of(const at::Tensor& image) { return {image.size(0), image.size(2), image.size(3)}; }

}  // namespace

at::Tensor transform_weight(const at::Tensor& weight, Direction direction) {
  const at::Tensor whole = weight.detach().contiguous();
  const bool forward = direction == Direction::kForward;
  const int64_t out = whole.size(0), in = whole.size(1);
  // A line of what is made has the taps of one input, or of one result.
  const int64_t lines = forward ? in : out, length = forward ? out : in;
  const int64_t step = forward ? in * kTaps : kTaps, line_step = forward ? kTaps : in * kTaps;
  const at::Tensor all = at::empty({kPoints, lines, length}, whole.options());
  AT_DISPATCH_FLOATING_TYPES(whole.scalar_type(), "transform_weight", [&] {
    using T = scalar_t;
    const T* from = whole.const_data_ptr<T>();
    T* to = all.mutable_data_ptr<T>();
    for_lines<T>(lines, kTaps * length, [&](int64_t line, T* taps) {
      for (int64_t i = 0; i < length; ++i) {
        const T* own = from + line * line_step + i * step;
        for (int64_t tap = 0; tap < kTaps; ++tap) {
          taps[tap * length + i] = own[forward ? tap : kTaps - 1 - tap];
        }
      }
      transform_kernel<T>(taps, length, to + line * length, lines * length);
    });
  });
  return all;
}

at::Tensor convolve(const at::Tensor& image, const at::Tensor& transformed) {
  const int64_t in = image.size(1), out = transformed.size(2);
  const Grid grid = grid_of(image);
  const at::Tensor output = empty_image(image, {grid.batch, out, grid.height, grid.width});
  AT_DISPATCH_FLOATING_TYPES(image.scalar_type(), "convolve", [&] {
    using T = scalar_t;
    const std::vector<T> zeros(in);
    const Pixels<T> pixels(image, zeros.data());
    const Matrices<const T> weights{transformed.const_data_ptr<T>(), in * out, out};
    for_chunks<T>(grid, kPoints * (in + out), [&](const Chunk& chunk, T* points) {
      const int64_t plane = chunk.count * in;
      T* const products = points + kPoints * plane;
      transform_windows<T>(pixels, chunk, points, plane);
      batch_product<T>({kPoints, chunk.count, in, out}, {products, chunk.count * out, out},
                       {points, plane, in}, weights);
      write_tiles<T>(chunk, 1, 0, output, [&](int64_t i, T* y0, T* y1, T* y2, T* y3) {
        untransform<T>(products + i * out, chunk.count * out, out, y0, y1, y2, y3);
      });
    });
  });
  return output;
}

at::Tensor weight_gradient(const at::Tensor& image, const at::Tensor& gradient) {
  const int64_t in = image.size(1), out = gradient.size(1);
  const Grid grid = grid_of(gradient);
  const int64_t tiles = grid.tiles(), parts = std::max(1, at::get_num_threads());
  const int64_t each = (tiles + parts - 1) / parts;
  const auto options = at::TensorOptions(image.scalar_type());
  const at::Tensor sums = at::zeros({parts, kPoints, out, in}, options);
  const at::Tensor result = at::empty({out, in, 3, 3}, options);
  AT_DISPATCH_FLOATING_TYPES(image.scalar_type(), "weight_gradient", [&] {
    using T = scalar_t;
    const std::vector<T> zeros(std::max(in, out));
    const Pixels<T> wide(image, zeros.data()), narrow(gradient, zeros.data());
    at::parallel_for(0, parts, 1, [&](int64_t begin, int64_t end) {
      for (int64_t part = begin; part < end; ++part) {
        const int64_t first = part * each;
        if (first >= tiles) continue;
        add_products<T>(wide, narrow, {grid, first, std::min(each, tiles - first)},
                        sums.mutable_data_ptr<T>() + part * kPoints * out * in);
      }
    });
    const at::Tensor sum = parts == 1 ? sums[0] : sums.sum(0);
    const T* from = sum.const_data_ptr<T>();
    T* to = result.mutable_data_ptr<T>();
    for_lines<T>(out, kTaps * in, [&](int64_t line, T* taps) {
      untransform_kernel<T>(from + line * in, out * in, in, taps);
      for (int64_t i = 0; i < in; ++i) {
        T* own = to + (line * in + i) * kTaps;
        for (int64_t tap = 0; tap < kTaps; ++tap) own[tap] = taps[tap * in + i];
      }
    });
  });
  return result;
}

}  // namespace sparring::same_conv
