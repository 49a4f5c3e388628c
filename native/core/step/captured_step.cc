#include "core/step/captured_step.h"

#include <algorithm>

#include "core/error.h"
#include "core/runtime/out_of_memory.h"

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
  if (pair.average && pair.generator_steps > 1) {
    return "a moving average is moved between the generator's updates";
  }
  if (!pair.generator_optimizer->is_recordable(pair.generator_steps)) {
    return "the generator's optimizer has numbers that change from update to update";
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
  if (replay.seen < kWarmUp || !replay.fits) {
    replay.seen += 1;
    return run_plain(reals);
  }
  pair_->generator_optimizer->announce_rate();
  pair_->discriminator_optimizer->announce_rate();
  if (replay.recording == nullptr) {
    if (!try_to_record(replay, reals)) return run_plain(reals);
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
  const bool any = replays_.empty() || std::any_of(replays_.begin(), replays_.end(),
                                                   [](const auto& one) { return one.second.fits; });
  if (failure_.empty() && any) told.kind = "replayed";
  std::erase_if(told.refusals, [](const Refusal& one) { return one.rewrite == kOneLaunch; });
  const std::string reason = why_not();
  if (!reason.empty()) told.refusals.push_back({kOneLaunch, reason});
  return told;
}

std::string CapturedStep::why_not() const {
  if (!failure_.empty()) return failure_;
  std::string steps;
  for (const auto& [kind, replay] : replays_) {
    if (replay.fits) continue;
    const bool penalised = std::find(kind.due.begin(), kind.due.end(), true) != kind.due.end();
    steps += (steps.empty() ? "" : ", ") + std::string("on ") + std::to_string(kind.sizes[0]) +
             " images" + (penalised ? " with a penalty" : "");
  }
  return steps.empty() ? "" : "there was no memory left to record steps " + steps;
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
  try {
    Losses losses;
    const auto work = [&] { losses = step_->run(one_by_one(reals), watch); };
    taken_ = std::max(taken_, accelerator_.measure(device(), work));
    return losses;
  } catch (const std::exception& error) {
    if (!memory_that_ran_out(error)) throw;
    // Recordings hold as much as a step each: whoever tries again, with less, may have it.
    replays_.clear();
    make_room();
    throw;
  }
}

bool CapturedStep::try_to_record(Replay& replay, const std::vector<Batch>& reals) {
  const Counts before = counts();
  try {
    // A recording has memory of its own, and while it is made nothing that is kept goes back for
    // it.
    make_room();
    record(replay, reals);
    replay.fits = leaves_room();
    if (replay.fits) return true;
  } catch (const std::exception& error) {
    replay.fits = !memory_that_ran_out(error);
    if (replay.fits) failure_ = reason_of(error);
  }
  set_counts(before);
  // Where CUDA broke it off, libtorch before 2.13 takes the generator for one that is still being
  // recorded, and lets nobody draw from it. The other recordings draw from it, too.
  pair_->stream->renew();
  drop_recordings();
  return false;
}

void CapturedStep::make_room() {
  try {
    accelerator_.trim(device());
  } catch (const std::exception&) {
    // libtorch may refuse while another thread records on the device: then as it is.
  }
}

// A step that is looked at runs as it is, as do the first of another kind: a recording must not be
// why they fail. With a margin, as blocks do not fit without gaps.
bool CapturedStep::leaves_room() const {
  return accelerator_.memory(device()).free >= taken_ + taken_ / 4;
}

void CapturedStep::drop_recordings() {
  for (auto& [kind, replay] : replays_) {
    replay.reals.clear();
    replay.losses = {};
    replay.recording.reset();
  }
}

void CapturedStep::record(Replay& replay, const std::vector<Batch>& reals) {
  for (const Batch& batch : reals) replay.reals.push_back(copy_of(batch));
  const Counts before = counts();
  replay.recording = accelerator_.record(device(), {pair_->stream->on(device())}, [&] {
    replay.losses = step_->run(one_by_one(replay.reals), nullptr);
  });
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
