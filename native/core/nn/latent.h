#pragma once

#include "core/nn/architecture.h"
#include "core/random.h"
#include "core/rows.h"
#include "core/torch.h"

namespace sparring {

// What a batch of samples is made from.
struct LatentBatch {
  at::Tensor noise;   // [N, noise], of mean 0 and variance 1
  at::Tensor labels;  // int64 [N], uniform; undefined without classes
  at::Tensor codes;   // [N, codes], from U(-1, 1); undefined without codes

  // What the generator's first layer takes: noise, the label as one-hot unless it is embedded, and
  // the codes, side by side.
  at::Tensor input(const Latent& latent) const;
};

// Draws noise, labels and codes in that order, as the InfoGAN script does. What is given in
// `chosen` is taken and not drawn.
LatentBatch draw_latent(const Latent& latent, int64_t count, const at::TensorOptions& options,
                        const Rows& rows, const LatentBatch& chosen = {});

}  // namespace sparring
