// The changes of adaptive discriminator augmentation (Karras et al. 2020, Training Generative
// Adversarial Networks with Limited Data, appendix B), each with a probability of its own for each
// sample, and gradients pass through.
#pragma once

#include <string>
#include <vector>

#include "core/data/warp.h"
#include "core/rows.h"

namespace sparring {

class AugmentationPipeline {
 public:
  // Any of `blit`, `geometry` and `color`, which has to be for 1 or 3 channels, for images of one
  // shape [channels, height, width]. Throws ERR_NATIVE for another.
  AugmentationPipeline(const std::vector<std::string>& transforms, at::IntArrayRef image,
                       const at::TensorOptions& options);

  // [N, ...image], each change with the probability in a 0-dim tensor on the device. A sample for
  // which none of a kind is drawn keeps its bits. Equally many numbers are drawn whatever it is.
  // `rewritten`: by fewer operations on the CPU, equal to rounding.
  at::Tensor applied(const at::Tensor& images, const at::Tensor& probability, const Rows& rows,
                     bool rewritten = false) const;
  // Whether there is anything to rewrite: brightness and contrast, all that there is to grey
  // images, are two operations as it is.
  bool has_rewrites(const at::Device& device) const {
    return device.is_cpu() && (blits_ || bends_ || (colours_ && channels_ != 1));
  }

 private:
  class Draws;
  // The changes that move whole pixels.
  Origin blitted(const Draws& draws) const;
  // Those of places in between, after them; `any` becomes where there is one.
  Origin bent(const Draws& draws, Origin origin, at::Tensor& any) const;
  at::Tensor coloured(const Draws& draws, const at::Tensor& images, bool rewritten) const;

  bool blits_ = false, bends_ = false, colours_ = false;
  int64_t channels_, height_, width_;
  Warp warp_;
};

}  // namespace sparring
