// Runs adversarial steps over a dataset and keeps count. All of it on the engine thread.
#pragma once

#include <memory>
#include <optional>

#include "core/data/dataset.h"
#include "core/data/feed.h"
#include "core/data/sampler.h"
#include "core/data/uploads.h"
#include "core/io/snapshot.h"
#include "core/step/step.h"

namespace sparring {

// What a tick reports; means over the steps since the last report.
struct Report {
  int64_t step = 0;
  int64_t steps = 0;   // since the last report
  int64_t images = 0;  // reals shown since the last report
  int64_t epoch = 0;   // of the last batch, from 0
  double generator_loss = 0;
  double discriminator_loss = 0;
  // What penalties add to each, of a player that has any.
  std::optional<double> generator_penalty = {}, discriminator_penalty = {};
  // Of the last update of each.
  double generator_rate = 0, discriminator_rate = 0;
  std::optional<Health> health = {};  // of a step that was watched
};

class Trainer {
 public:
  Trainer(std::shared_ptr<const Pair> pair, std::unique_ptr<Step> step);

  // The data from here on, copied to the networks' device if they are elsewhere. The same dataset
  // and batch size again go on where they stopped.
  void use(std::shared_ptr<const Dataset> dataset, int64_t batch_size, bool drop_last = false);
  // Reads a part of what use() needs to know of the data where it was restored, in which it may
  // have to go on; whether that is all.
  bool read(const Dataset& dataset) const { return !waiting_ || dataset.read_fingerprint(); }
  // Takes images that come while it trains; where they go on is the feed's to know.
  void use(std::shared_ptr<Feed> feed);
  // Whether each image of a batch is mirrored at random, from here on.
  void flip(bool flips) { flips_ = flips; }
  // Whether the batches of a step are there: always, but for a feed.
  Feed::State supply() const;
  // `watched`: the next report tells of the players' health in this step.
  void step(bool watched = false);

  // Where ranks train together, these three are done by all of them, in the same order.
  bool is_shared() const { return pair_->sharing != nullptr; }
  // Takes this rank to where rank 0 is. Before use().
  void follow_rank_0();
  // Throws ERR_RANK where a rank is not where rank 0 is.
  void check_equal() const;
  // A step, after which all know whether one of them wants to stop.
  bool step_and_ask(bool wants_stop, bool watched);
  int64_t steps() const { return step_; }
  // Reals shown that no report has told of.
  int64_t images() const { return images_; }
  Explanation explain() const { return adversarial_step_->explain(); }
  // A copy of all that training changes, and back again. The networks, rules and device have to be
  // those that it was taken of; throws ERR_CHECKPOINT where something is missing or does not fit.
  // Asking for it changes nothing. It tells the data by a fingerprint, which it reads in one go
  // unless read_for_snapshot() has said that all is read: each call reads a part.
  Snapshot snapshot() const;
  bool read_for_snapshot() const { return !is_in_order() || source_->read_fingerprint(); }
  // kKept: the networks are the very ones that it was taken of, and what has become of them since,
  // by another trainer or a file that was loaded, is no part of this trainer's state.
  enum class Weights { kRestored, kKept };
  void restore(const Snapshot& snapshot, Weights weights = Weights::kRestored);

  // Reads the losses from the device: the only synchronisation of a tick.
  Report report();

 private:
  void add(const Losses& losses);
  Batch next_batch();
  Batch next_sampled();
  Batch next_fed();
  // The batch as it is mirrored.
  Batch flipped(const Batch& batch) const;
  void save_place(Snapshot& taken) const;
  // Whether such batches of these data go on at the restored place. Throws ERR_CHECKPOINT where its
  // order is one of other data.
  bool waits_for(const Dataset& dataset, int64_t batch_size) const;
  // Whether it is on its way through a dataset.
  bool is_in_order() const {
    return !waiting_ && !feed_ && sampler_ && sampler_->permutation().defined();
  }

  std::shared_ptr<const Pair> pair_;
  std::unique_ptr<Step> adversarial_step_;
  std::shared_ptr<const Dataset> source_, dataset_;
  std::unique_ptr<Sampler> sampler_;
  // The feed that stands for the dataset, where there is one.
  std::shared_ptr<Feed> feed_;
  Uploads uploads_;  // of what it brings
  // A restored place in the data, as long as nothing goes on there: only the same data and batch
  // size do.
  std::optional<Snapshot> waiting_;
  bool drops_last_ = false, flips_ = false;
  int64_t batch_size_ = 0, step_ = 0, reported_ = 0, images_ = 0;
  int64_t epochs_ = 0;                   // that have begun, on whatever data
  at::Tensor loss_sums_, penalty_sums_;  // [2], float64: generator, discriminator
  std::optional<Watch> watch_;
};

}  // namespace sparring
