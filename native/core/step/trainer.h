// Runs adversarial steps over a dataset and keeps count. All of it on the engine thread.
#pragma once

#include <memory>
#include <optional>

#include "core/data/dataset.h"
#include "core/data/sampler.h"
#include "core/step/snapshot.h"
#include "core/step/step.h"

namespace sparring {

// What a tick reports; means over the steps since the last report.
struct Report {
  int64_t step = 0;
  int64_t steps = 0;   // since the last report
  int64_t images = 0;  // reals shown since the last report
  double generator_loss = 0;
  double discriminator_loss = 0;
  std::optional<Health> health;  // of a step that was watched
};

class Trainer {
 public:
  Trainer(std::shared_ptr<const Pair> pair, std::unique_ptr<Step> step);

  // The data from here on, copied to the networks' device if they are elsewhere. The same dataset
  // and batch size again go on where they stopped.
  void use(std::shared_ptr<const Dataset> dataset, int64_t batch_size);
  // `watched`: the next report tells of the players' health in this step.
  void step(bool watched = false);
  Explanation explain() const { return adversarial_step_->explain(); }
  // A copy of all that training changes, and back again. The networks, rules and device have to be
  // those that it was taken of; throws ERR_CHECKPOINT where something is missing or does not fit.
  // Asking for it changes nothing.
  Snapshot snapshot() const;
  void restore(const Snapshot& snapshot);

  // Reads the losses from the device: the only synchronisation of a tick.
  Report report();

 private:
  Batch next_batch();
  void save_sampler(Snapshot& taken) const;

  std::shared_ptr<const Pair> pair_;
  std::unique_ptr<Step> adversarial_step_;
  std::shared_ptr<const Dataset> source_, dataset_;
  std::unique_ptr<Sampler> sampler_;
  // A restored sampler goes on only with the same data and batch size.
  std::optional<Snapshot> waiting_;
  int64_t batch_size_ = 0, step_ = 0, reported_ = 0, images_ = 0;
  at::Tensor loss_sums_;  // [2], float64
  std::optional<Watch> watch_;
};

}  // namespace sparring
