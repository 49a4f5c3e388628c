// The low-pass filter of Blur by loops of its own: along columns, then along rows, with 8
// multiplications where libtorch's convolution in groups has 16.
#pragma once

#include "core/nn/blur.h"
#include "core/step/rewrites/rewrite.h"

namespace sparring {

// The layer's filter over an image, with a graph of any derivative.
at::Tensor blur_image(const at::Tensor& image, const Blur& layer);

// The layer in that form.
Verdict fuse_blur(const ModulePtr& module);

}  // namespace sparring
