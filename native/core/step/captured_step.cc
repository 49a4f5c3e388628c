#include "core/step/captured_step.h"

namespace sparring {
namespace {

Optimizer::Counts difference(Optimizer::Counts after, const Optimizer::Counts& before) {
  after.updates -= before.updates;
  for (size_t i = 0; i < before.of_parameters.size(); ++i) {
    after.of_parameters[i] -= before.of_parameters[i];
  }
  return after;
}

Batch copy_of(const Batch& batch) {
  return {batch.images.clone(), batch.labels.defined() ? batch.labels.clone() : at::Tensor()};
}

void copy_into(const Batch& to, const Batch& from) {
  to.images.copy_(from.images);
  if (to.labels.defined()) to.labels.copy_(from.labels);
}

// Gives the batches one after the other.
Step::Source one_by_one(const std::vector<Batch>& batches) {
  return [&batches, at = size_t{0}]() mutable { return batches[at++]; };
}

}  // namespace

CapturedStep::CapturedStep(std::shared_ptr<const Pair> pair, std::unique_ptr<OrderedStep> step,
                           Accelerator& accelerator)
    : pair_(std::move(pair)), step_(std::move(step)), accelerator_(accelerator) {}

std::string CapturedStep::obstacle(const Pair& pair) {
  if (!pair.generator->device().is_cuda()) return "it is not on a GPU";
  if (accelerator() == nullptr) return accelerator_off();
  if (pair.accumulate > 1)
    return "a batch is worked on in parts, which draw the same numbers again";
  if (pair.sharing) return "several ranks sum their gradients in between";
  if (!pair.generator_optimizer->is_recordable(1)) {
    return "the generator's optimizer has numbers that change from step to step";
  }
  if (!pair.discriminator_optimizer->is_recordable(pair.discriminator_steps)) {
    return "the discriminator's optimizer has numbers that change from update to update";
  }
  return "";
}

Losses CapturedStep::run(const Source& next, Watch* watch) {
  const std::vector<Batch> reals = take(next);
  if (!failure_.empty() || watch != nullptr) return run_plain(reals, watch);
  const Kind kind = kind_of(reals);
  // Lazy penalties and a smaller last batch make a few kinds; a stream of sizes makes any number.
  if (replays_.size() == kMostKinds && replays_.count(kind) == 0) replays_.clear();
  Replay& replay = replays_[kind];
  if (replay.seen < kWarmUp) {
    replay.seen += 1;
    return run_plain(reals);
  }
  pair_->generator_optimizer->announce_rate();
  pair_->discriminator_optimizer->announce_rate();
  if (replay.recording == nullptr) {
    const Counts before = counts();
    try {
      record(replay, reals);
    } catch (const std::exception& error) {
      failure_ = error.what();
      set_counts(before);
      replays_.clear();
      return run_plain(reals);
    }
  } else {
    for (size_t i = 0; i < reals.size(); ++i) copy_into(replay.reals[i], reals[i]);
    step_->set_discriminator_updates(step_->discriminator_updates() +
                                     replay.counts.discriminator_updates);
    pair_->generator_optimizer->add_counts(replay.counts.generator);
    pair_->discriminator_optimizer->add_counts(replay.counts.discriminator);
  }
  replay.recording->replay();
  return replay.losses;
}

Explanation CapturedStep::explain() const {
  Explanation told = step_->explain();
  if (failure_.empty()) told.kind = "replayed";
  for (auto it = told.refusals.begin(); it != told.refusals.end(); ++it) {
    if (it->rewrite != kOneLaunch) continue;
    it->reason = failure_;
    if (failure_.empty()) told.refusals.erase(it);
    break;
  }
  return told;
}

std::vector<Batch> CapturedStep::take(const Source& next) const {
  std::vector<Batch> reals;
  for (int64_t i = 0; i < pair_->discriminator_steps; ++i) reals.push_back(next());
  return reals;
}

CapturedStep::Kind CapturedStep::kind_of(const std::vector<Batch>& reals) const {
  Kind kind{{}, {}, step_->pattern()};
  for (const Batch& batch : reals) {
    kind.sizes.push_back(batch.images.size(0));
    kind.labelled.push_back(batch.labels.defined());
  }
  return kind;
}

Losses CapturedStep::run_plain(const std::vector<Batch>& reals, Watch* watch) {
  return step_->run(one_by_one(reals), watch);
}

void CapturedStep::record(Replay& replay, const std::vector<Batch>& reals) {
  for (const Batch& batch : reals) replay.reals.push_back(copy_of(batch));
  const Counts before = counts();
  const at::Device& device = pair_->generator->device();
  replay.recording = accelerator_.record(device, {pair_->stream->on(device)},
                                         [&] { replay.losses = run_plain(replay.reals); });
  const Counts after = counts();
  replay.counts = {after.discriminator_updates - before.discriminator_updates,
                   difference(after.generator, before.generator),
                   difference(after.discriminator, before.discriminator)};
}

CapturedStep::Counts CapturedStep::counts() const {
  return {step_->discriminator_updates(), pair_->generator_optimizer->counts(),
          pair_->discriminator_optimizer->counts()};
}

void CapturedStep::set_counts(const Counts& counts) {
  step_->set_discriminator_updates(counts.discriminator_updates);
  pair_->generator_optimizer->set_counts(counts.generator);
  pair_->discriminator_optimizer->set_counts(counts.discriminator);
}

}  // namespace sparring
