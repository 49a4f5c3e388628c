// One adversarial step: updates of the two players on batches of reals.
#pragma once

#include <functional>
#include <memory>

#include "core/data/dataset.h"
#include "core/step/explanation.h"
#include "core/step/game.h"
#include "core/step/loss.h"
#include "core/step/watch.h"

namespace sparring {

// Means over the updates of each player.
struct Losses {
  Loss generator, discriminator;
};

class Step {
 public:
  // Gives the next batch of reals.
  using Source = std::function<Batch()>;

  virtual ~Step() = default;
  // Does a step. With a `watch` it takes down what is to be looked at, and computes the same
  // numbers.
  virtual Losses run(const Source& next, Watch* watch = nullptr) = 0;
  virtual Explanation explain() const = 0;
  // Updates of the discriminator so far, which decide when a lazy penalty is due.
  virtual int64_t discriminator_updates() const = 0;
  virtual void set_discriminator_updates(int64_t count) = 0;
};

// PyTorch's arithmetic as a training script runs it, operation by operation.
std::unique_ptr<Step> make_eager_step(std::shared_ptr<const Pair> pair);
// The function of the eager step by exact rewrites.
std::unique_ptr<Step> make_fused_step(std::shared_ptr<const Pair> pair);

}  // namespace sparring
