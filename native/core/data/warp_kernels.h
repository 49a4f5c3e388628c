// What Warp computes (warp.h), by loops on the CPU: one sample after the other, and of the finer
// grid only the part that is seen. Where libtorch multiplies by matrices that are nearly all zeros,
// the wavelet's twelve numbers do.
#pragma once

#include "core/torch.h"

namespace sparring {

// All of them take images [N, C, H, W], contiguous, float32 or float64; `origins`, [N, 6] in
// float64, the members of an Origin in their order; and `chosen`, [N]: what it does not name
// becomes zeros.
using WarpPass = at::Tensor(const at::Tensor& images, const at::Tensor& origins,
                            const at::Tensor& chosen);

// Warp::resampled and Warp::copied, and the gradients for their images of one for what they make.
WarpPass resample, resample_backward, copy_pixels, copy_pixels_backward;

}  // namespace sparring
