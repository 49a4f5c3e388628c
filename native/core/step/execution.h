// How the passes and updates of a step are carried out. `eager` is PyTorch's script, operation by
// operation; `fused` computes the same function by exact rewrites. Which passes there are, and in
// which order, is the step's (step.h).
#pragma once

#include <memory>

#include "core/step/explanation.h"
#include "core/step/game.h"
#include "core/step/gradients.h"

namespace sparring {

// Where a backward pass begins: at a loss, or half way down from it.
struct Root {
  at::Tensor value;
  at::Tensor gradient = {};  // that of the loss for it; undefined at the loss itself
};

class Execution {
 public:
  virtual ~Execution() = default;
  virtual at::Tensor generate(const at::Tensor& latents, const Context& context) = 0;
  virtual at::Tensor discriminate(const at::Tensor& images, const Context& context) = 0;
  // True where reals and fakes may go through the discriminator in one pass.
  virtual bool merges_passes() const = 0;
  // True where an answer of the discriminator may serve more than one update.
  virtual bool keeps_answers() const = 0;
  // True where what augments images may be rewritten, too.
  virtual bool rewrites_augmentations() const = 0;
  // An update in its two halves: from a loss to its gradients for what the optimizer moves, and
  // from these, or those of the whole batch, to other weights.
  virtual std::vector<at::Tensor> gradients(const Optimizer& optimizer, const Root& root,
                                            const Ready& ready) = 0;
  virtual void apply(Optimizer& optimizer, std::vector<at::Tensor> gradients) = 0;
  virtual Explanation explain() const = 0;
};

std::unique_ptr<Execution> make_eager(std::shared_ptr<const Pair> pair);
// Looks at the two networks once and decides which rewrites apply.
std::unique_ptr<Execution> make_fused(std::shared_ptr<const Pair> pair);

}  // namespace sparring
