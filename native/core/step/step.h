// One adversarial step: k updates of the discriminator, one of the generator, then the average. It
// knows the order of things and no formula.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "core/data/dataset.h"
#include "core/step/game.h"

namespace sparring {

// 0-dim tensors on the device: reading them is left to the tick.
struct Losses {
  at::Tensor generator, discriminator;  // the discriminator's is the mean over its k updates
};

class Step {
 public:
  // Gives the next batch of reals.
  using Source = std::function<Batch()>;

  virtual ~Step() = default;
  Losses run(const Source& next);

 protected:
  // Samples of the generator and what they were made from.
  struct Fakes {
    at::Tensor images;
    LatentBatch latent;
  };

  explicit Step(std::shared_ptr<const Pair> pair) : pair_(std::move(pair)) {}
  const Pair& pair() const { return *pair_; }
  // Those of this update of the discriminator.
  std::vector<const Penalty*> due_penalties() const;

  // For an update of the generator, or only to look at.
  virtual Fakes generate(int64_t count, bool for_update) = 0;
  // Both give the loss before the update.
  virtual at::Tensor update_generator(const Fakes& fakes, const Batch& reals) = 0;
  virtual at::Tensor update_discriminator(const Batch& reals, const Fakes& fakes) = 0;

 private:
  Losses run_generator_first(const Source& next);
  Losses run_discriminator_first(const Source& next);
  at::Tensor discriminate(const Batch& reals, const Fakes& fakes);
  void clip_weights() const;

  std::shared_ptr<const Pair> pair_;
  int64_t discriminator_updates_ = 0;
};

// PyTorch's arithmetic as a training script runs it, operation by operation.
std::unique_ptr<Step> make_eager_step(std::shared_ptr<const Pair> pair);
// The same function by exact rewrites.
std::unique_ptr<Step> make_fused_step(std::shared_ptr<const Pair> pair);

}  // namespace sparring
