// The order of things in a step: k updates of the discriminator and one of the generator. It knows
// no formula.
#pragma once

#include <vector>

#include "core/step/step.h"

namespace sparring {

class OrderedStep : public Step {
 public:
  Losses run(const Source& next, Watch* watch) override;

  // Which penalties the updates of the next step have: steps of equal patterns do equal work.
  std::vector<bool> pattern() const;
  int64_t discriminator_updates() const override { return discriminator_updates_; }
  void set_discriminator_updates(int64_t count) override { discriminator_updates_ = count; }

 protected:
  // Samples of the generator and what they were made from.
  struct Fakes {
    at::Tensor images;
    LatentBatch latent;
  };

  explicit OrderedStep(std::shared_ptr<const Pair> pair) : pair_(std::move(pair)) {}
  const Pair& pair() const { return *pair_; }
  // Null but in a step that is looked at.
  Watch* watch() const { return watch_; }
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
  Watch* watch_ = nullptr;
};

}  // namespace sparring
