// How the passes and updates of a step are carried out. `eager` is PyTorch's script, operation by
// operation; `fused` computes the same function by exact rewrites. Which passes there are, and in
// which order, is the step's (step.h).
#pragma once

#include <memory>

#include "core/step/explanation.h"
#include "core/step/game.h"

namespace sparring {

class Execution {
 public:
  virtual ~Execution() = default;
  virtual at::Tensor generate(const at::Tensor& latents, const Context& context) = 0;
  virtual at::Tensor discriminate(const at::Tensor& images, const Context& context) = 0;
  // True where reals and fakes may go through the discriminator in one pass.
  virtual bool merges_passes() const = 0;
  virtual void update(Optimizer& optimizer, const at::Tensor& loss) = 0;
  virtual Explanation explain() const = 0;
};

std::unique_ptr<Execution> make_eager(const Pair& pair);
// Looks at the two networks once and decides which rewrites apply.
std::unique_ptr<Execution> make_fused(const Pair& pair);

}  // namespace sparring
