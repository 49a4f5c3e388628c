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

// Noise as it is drawn where all that is farther than `most` from 0 is drawn again (the truncation
// trick: Brock et al. 2019, BigGAN, 3.1): each number is that of its own quantile there, so that a
// draw stays the same sample, nearer to the mean. [N, noise]
at::Tensor truncated(const at::Tensor& noise, const Latent& latent, double most);

// Of the latent's distribution, [count, noise].
at::Tensor draw_noise(const Latent& latent, int64_t count, const at::TensorOptions& options,
                      at::Generator& generator);

// Draws noise, labels and codes in that order, as the InfoGAN script does. What is given in
// `chosen` is taken and not drawn.
LatentBatch draw_latent(const Latent& latent, int64_t count, const at::TensorOptions& options,
                        const Rows& rows, const LatentBatch& chosen = {});

}  // namespace sparring
