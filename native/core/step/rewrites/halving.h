// 4x4 convolutions of stride 2 and padding 1, which halve an image, and transposed ones, which
// double it, with 9 multiplications where the definition has 16 (halving_kernels.h).
#pragma once

#include "core/nn/convolution.h"
#include "core/step/rewrites/bilinear.h"
#include "core/step/rewrites/rewrite.h"

namespace sparring {

// A form whose heart is such a convolution. [small, big, 4, 4] is the weight of both directions.
class Halving : public Rewrite {
 public:
  void multiply_less();
  // In ways of the caller's.
  void convolve_by(BilinearPtr halves, BilinearPtr doubles);
  // True where that changes something: with fewer multiplications it is so already.
  bool derive_by_convolutions();
  // The layer's own, whose first two sizes are those of channels.
  virtual const at::Tensor& kernel() const = 0;

 protected:
  // [N, big, 2H, 2W] -> [N, small, H, W]
  at::Tensor halved(const at::Tensor& image, const at::Tensor& weight,
                    const at::Tensor& bias) const;
  // [N, small, H, W] -> [N, big, 2H, 2W]
  at::Tensor doubled(const at::Tensor& image, const at::Tensor& weight,
                     const at::Tensor& bias) const;

 private:
  bool multiplies_less_ = false;
  BilinearPtr halves_, doubles_;  // null: libtorch's own, for one derivative
};

// Their kernel's way over an image.
ConvSizes halving_sizes(bool transposed);

// A layer of that kind, or what another rewrite made one of; null for others.
std::shared_ptr<Halving> as_halving(const ModulePtr& module);

// The form of as_halving() with fewer multiplications, where it pays.
Verdict fuse_halving(const ModulePtr& module);

}  // namespace sparring
