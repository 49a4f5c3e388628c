#pragma once

#include "core/nn/architecture.h"
#include "core/random.h"
#include "core/torch.h"

namespace sparring {

// A batch of latents, [count, noise + classes + codes]: noise from N(0, 1), a uniformly drawn class
// as one-hot, codes from U(-1, 1); drawn in that order, as the InfoGAN script does.
at::Tensor draw_latent(const Latent& latent, int64_t count, const at::TensorOptions& options,
                       RandomStream& stream);

}  // namespace sparring
