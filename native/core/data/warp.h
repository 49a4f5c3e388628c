// Images seen through an affine change of place, each through its own: resampled as Karras et al.
// 2020 (Training Generative Adversarial Networks with Limited Data, appendix B) do it, between a
// finer grid that the symlet of order 6 leads to and the way back by the same wavelet. What is
// beyond the border is the image, mirrored as often as it takes.
#pragma once

#include "core/torch.h"

namespace sparring {

// Where each pixel of an image comes from: [N, 1, 1] each, in pixels from the middle.
//     x of the source = xx · x + xy · y + dx        y of the source = yx · x + yy · y + dy
struct Origin {
  at::Tensor xx, xy, yx, yy, dx, dy;

  // Pixels stay where they are.
  static Origin same(int64_t count, const at::TensorOptions& options);
  // And then the image is made larger by these factors, turned by minus an angle, or moved by so
  // many pixels.
  Origin scaled(const at::Tensor& x, const at::Tensor& y) const;
  Origin turned(const at::Tensor& cosine, const at::Tensor& sine) const;
  Origin moved(const at::Tensor& x, const at::Tensor& y) const;
  // The places of the source, for places that may be of any shape that goes with [N, 1, 1].
  at::Tensor x_of(const at::Tensor& x, const at::Tensor& y) const { return xx * x + xy * y + dx; }
  at::Tensor y_of(const at::Tensor& x, const at::Tensor& y) const { return yx * x + yy * y + dy; }
};

// For images of one size.
class Warp {
 public:
  Warp(int64_t height, int64_t width, const at::TensorOptions& options);

  // Every pixel of [N, C, height, width] interpolated at its origin. Where nothing changes places
  // that is the image, to rounding. Differentiable in the images, any number of times.
  at::Tensor resampled(const at::Tensor& images, const Origin& origin) const;
  // The same by loops (warp_kernels.h), of those that `chosen`, [N, 1, 1], names; zeros for the
  // others.
  static at::Tensor resampled_by_loops(const at::Tensor& images, const Origin& origin,
                                       const at::Tensor& chosen);
  // A copy of the pixel that is there: every origin has to be the place of one, or beyond the
  // border.
  at::Tensor copied(const at::Tensor& images, const Origin& origin) const;
  static at::Tensor copied_by_loops(const at::Tensor& images, const Origin& origin);

 private:
  // What one direction needs: height or width.
  struct Side {
    Side(int64_t size, const at::TensorOptions& options);

    int64_t size;
    double middle;          // of the pixels 0 to size - 1
    int64_t mirrored;       // pixels after which the mirrored image repeats itself
    at::Tensor finer;       // [2 · mirrored + 1, size]: to the finer grid, once around
    at::Tensor coarser;     // [size, 2 · size + 10]: back from samples at `places`
    at::Tensor places;      // [2 · size + 10], in pixels from the middle
    at::Tensor own_places;  // [size], of the pixels themselves

    // Places from the middle as grid_sampler counts those of the finer grid: from -1 to 1.
    at::Tensor on_finer(const at::Tensor& from_middle) const;
    // The numbers of the pixels there.
    at::Tensor pixel_at(const at::Tensor& from_middle) const;
  };

  Side vertical_, horizontal_;
};

}  // namespace sparring
