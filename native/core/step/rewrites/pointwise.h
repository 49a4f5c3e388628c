// A 1x1 convolution beside a change of resolution: at the lower of the two it has a quarter of the
// work.
#pragma once

#include "core/step/rewrites/rewrite.h"

namespace sparring {

// Such a convolution, and what resizes images, in the cheaper order.
class Pointwise : public Module {
 public:
  Pointwise(ModulePtr conv, ModulePtr resize)
      : conv_(std::move(conv)), resize_(std::move(resize)) {}
  const ModulePtr& conv() const { return conv_; }
  // The convolution itself may have another form, too.
  void set_conv(ModulePtr conv) { conv_ = std::move(conv); }

 protected:
  Module& resize() const { return *resize_; }

 private:
  ModulePtr conv_, resize_;
};

// Nearest upsampling, then the convolution: the convolution first. It looks at each pixel by itself
// and the upsampling repeats pixels, so not even the last bit changes.
Verdict sink_upsample(const ModulePtr& upsample, const ModulePtr& conv);

// The convolution, then means of pixels: the means first. Both are linear, and the mean of a bias
// is the bias.
Verdict raise_pool(const ModulePtr& conv, const ModulePtr& pool);

}  // namespace sparring
