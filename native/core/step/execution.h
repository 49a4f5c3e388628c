// How one adversarial step is carried out. `eager` is PyTorch's script, operation by operation;
// `fused` computes the same function by exact rewrites.
#pragma once

#include <memory>

#include "core/nn/latent.h"
#include "core/nn/network.h"
#include "core/objectives/objective.h"
#include "core/optim/adam.h"

namespace sparring {

// The two players and all that a step needs of them.
struct Pair {
  std::shared_ptr<Network> generator, discriminator;
  std::unique_ptr<Adam> generator_optimizer, discriminator_optimizer;
  std::unique_ptr<Objective> objective;
  Latent latent;
  std::shared_ptr<RandomStream> stream;

  at::Tensor draw_latent(int64_t count) const;
};

// 0-dim tensors on the device: reading them is left to the tick.
struct Losses {
  at::Tensor generator, discriminator;
};

class Execution {
 public:
  virtual ~Execution() = default;
  // One step on a batch of reals, [N, C, H, W] in [-1, 1].
  virtual Losses step(Pair& pair, const at::Tensor& reals) = 0;
};

std::unique_ptr<Execution> make_eager();
// Looks at the two networks once and decides which rewrites apply.
std::unique_ptr<Execution> make_fused(Pair& pair);

}  // namespace sparring
