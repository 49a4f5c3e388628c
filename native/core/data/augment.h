// Differentiable augmentation (Zhao et al. 2020, DiffAugment): what the discriminator sees, of
// reals and of fakes, is changed at random, and gradients pass through.
#pragma once

#include <string>
#include <vector>

#include "core/rows.h"

namespace sparring {

using Augmentation = at::Tensor (*)(const at::Tensor& images, const Rows& rows);

// The functions of a policy: `color` (brightness, saturation, contrast), `translation`, `cutout`.
// Throws ERR_NATIVE for an unknown one.
std::vector<Augmentation> make_augmentations(const std::vector<std::string>& policies);

}  // namespace sparring
