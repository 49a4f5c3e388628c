// Images that are mirrored at random: torchvision's RandomHorizontalFlip, number for number.
#pragma once

#include "core/rows.h"

namespace sparring {

// `images`, [N, C, H, W], each mirrored from left to right with a probability of one half. Draws
// one number an image, in their order; the rows' generator is the CPU's, wherever the images are.
at::Tensor flip_some(const at::Tensor& images, const Rows& rows);

}  // namespace sparring
