#include "core/data/warp.h"

#include <torch/csrc/autograd/custom_function.h>

#include <cmath>

#include "core/data/symlet.h"
#include "core/data/warp_kernels.h"

namespace sparring {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// libtorch's bilinear interpolation, with derivatives of every order in the images: it is linear in
// them, and what carries a gradient back is so, too.
at::Tensor interpolate(const at::Tensor& images, const at::Tensor& grid);

constexpr int64_t kBilinear = 0, kZeros = 0;

struct Spread : torch::autograd::Function<Spread> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& gradient,
                            const at::Tensor& grid, at::IntArrayRef sizes) {
    context->save_for_backward({grid});
    // Nobody asks for the gradient in the grid, for which alone the images would be read.
    const at::Tensor images = at::zeros({}, gradient.options()).expand(sizes);
    return std::get<0>(at::grid_sampler_2d_backward(gradient, images, grid, kBilinear, kZeros,
                                                    /*align_corners=*/true, {true, false}));
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    return {interpolate(gradients[0], context->get_saved_variables()[0]), {}, {}};
  }
};

struct Interpolation : torch::autograd::Function<Interpolation> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& images,
                            const at::Tensor& grid) {
    context->save_for_backward({grid});
    context->saved_data["sizes"] = images.sizes();
    return at::grid_sampler_2d(images, grid, kBilinear, kZeros, /*align_corners=*/true);
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const std::vector<int64_t> sizes = context->saved_data["sizes"].toIntVector();
    return {Spread::apply(gradients[0], context->get_saved_variables()[0], sizes), {}};
  }
};

at::Tensor interpolate(const at::Tensor& images, const at::Tensor& grid) {
  return Interpolation::apply(images, grid);
}

// One of the loops, which are linear in the images: the gradient of each way is the other one.
template <WarpPass* there, WarpPass* back>
struct Loops : torch::autograd::Function<Loops<there, back>> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& images,
                            const at::Tensor& origins, const at::Tensor& chosen) {
    context->save_for_backward({origins, chosen});
    return there(images.contiguous(), origins, chosen);
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    return {Loops<back, there>::apply(gradients[0], saved[0], saved[1]), {}, {}};
  }
};

// [N, 6], in float64.
at::Tensor numbers_of(const Origin& origin) {
  std::vector<at::Tensor> numbers;
  for (const at::Tensor& one : {origin.xx, origin.xy, origin.yx, origin.yy, origin.dx, origin.dy}) {
    numbers.push_back(one.to(at::kDouble).flatten());
  }
  return at::stack(numbers, 1);
}

// [2 · period + 1, size]: the first sample again after the last, to interpolate between the two.
at::Tensor finer_of(int64_t size, int64_t period) {
  const at::Tensor matrix = at::zeros({2 * period + 1, size}, at::kDouble);
  auto cell = matrix.accessor<double, 2>();
  for (int64_t sample = 0; sample <= 2 * period; ++sample) {
    // Pixels are at every second place of the grid, and nothing in between.
    for (int64_t tap = (sample + kBefore) % 2; tap < kTaps; tap += 2) {
      cell[sample][mirrored_at((sample + kBefore - tap) / 2, period)] +=
          std::sqrt(2.0) * kSymlet[static_cast<size_t>(tap)];
    }
  }
  return matrix;
}

at::Tensor coarser_of(int64_t size) {
  const at::Tensor matrix = at::zeros({size, 2 * size + kTaps - 2}, at::kDouble);
  auto cell = matrix.accessor<double, 2>();
  for (int64_t pixel = 0; pixel < size; ++pixel) {
    for (int64_t tap = 0; tap < kTaps; ++tap) {
      cell[pixel][2 * pixel + tap] = kSymlet[static_cast<size_t>(tap)] / std::sqrt(2.0);
    }
  }
  return matrix;
}

}  // namespace

Origin Origin::same(int64_t count, const at::TensorOptions& options) {
  const at::Tensor one = at::ones({count, 1, 1}, options), zero = at::zeros({count, 1, 1}, options);
  return {one, zero, zero, one, zero, zero};
}

// Each takes the places of the new image to those of the old one, and from there to the source.
Origin Origin::scaled(const at::Tensor& x, const at::Tensor& y) const {
  return {xx / x, xy / y, yx / x, yy / y, dx, dy};
}

Origin Origin::turned(const at::Tensor& cosine, const at::Tensor& sine) const {
  return {xx * cosine + xy * sine,
          xy * cosine - xx * sine,
          yx * cosine + yy * sine,
          yy * cosine - yx * sine,
          dx,
          dy};
}

Origin Origin::moved(const at::Tensor& x, const at::Tensor& y) const {
  return {xx, xy, yx, yy, dx - (xx * x + xy * y), dy - (yx * x + yy * y)};
}

Warp::Side::Side(int64_t size, const at::TensorOptions& options)
    : size(size),
      middle(static_cast<double>(size - 1) / 2),
      mirrored(mirrored_period(size)),
      finer(finer_of(size, mirrored).to(options)),
      coarser(coarser_of(size).to(options)) {
  const at::Tensor samples = at::arange(2 * size + kTaps - 2, at::kDouble) - kBefore;
  places = (samples / 2 - middle).to(options);
  own_places = (at::arange(size, at::kDouble) - middle).to(options);
}

at::Tensor Warp::Side::on_finer(const at::Tensor& from_middle) const {
  const double samples = 2 * static_cast<double>(mirrored);
  const at::Tensor sample = ((from_middle + middle) * 2).remainder(samples);
  return sample * (2 / samples) - 1;
}

at::Tensor Warp::Side::pixel_at(const at::Tensor& from_middle) const {
  const at::Tensor within = (from_middle + middle).round().to(at::kLong).remainder(mirrored);
  return at::minimum(within, mirrored - within);
}

Warp::Warp(int64_t height, int64_t width, const at::TensorOptions& options)
    : vertical_(height, options), horizontal_(width, options) {}

at::Tensor Warp::resampled(const at::Tensor& images, const Origin& origin) const {
  const at::Tensor finer =
      at::matmul(at::matmul(images, horizontal_.finer.t()).transpose(2, 3), vertical_.finer.t())
          .transpose(2, 3);
  const at::Tensor x = horizontal_.places, y = vertical_.places.unsqueeze(1);
  const at::Tensor grid =
      at::stack({horizontal_.on_finer(origin.x_of(x, y)), vertical_.on_finer(origin.y_of(x, y))},
                /*dim=*/3);
  const at::Tensor samples = interpolate(finer, grid);
  return at::matmul(at::matmul(samples, horizontal_.coarser.t()).transpose(2, 3),
                    vertical_.coarser.t())
      .transpose(2, 3);
}

at::Tensor Warp::resampled_by_loops(const at::Tensor& images, const Origin& origin,
                                    const at::Tensor& chosen) {
  return Loops<resample, resample_backward>::apply(images, numbers_of(origin),
                                                   chosen.flatten().contiguous());
}

at::Tensor Warp::copied(const at::Tensor& images, const Origin& origin) const {
  const at::Tensor x = horizontal_.own_places, y = vertical_.own_places.unsqueeze(1);
  const at::Tensor pixels = vertical_.pixel_at(origin.y_of(x, y)) * horizontal_.size +
                            horizontal_.pixel_at(origin.x_of(x, y));
  const at::Tensor flat = images.flatten(2);
  return flat.gather(2, pixels.flatten(1).unsqueeze(1).expand_as(flat)).view(images.sizes());
}

at::Tensor Warp::copied_by_loops(const at::Tensor& images, const Origin& origin) {
  return Loops<copy_pixels, copy_pixels_backward>::apply(images, numbers_of(origin),
                                                         at::ones({images.size(0)}, at::kBool));
}

}  // namespace sparring
