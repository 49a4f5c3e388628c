#include "core/step/running.h"

#include <chrono>

namespace sparring {

Running::Running(std::shared_ptr<Trainer> trainer, std::shared_ptr<const std::atomic<bool>> stop,
                 Use use, int64_t steps)
    : trainer_(std::move(trainer)), stop_(std::move(stop)), use_(std::move(use)), steps_(steps) {}

Turn<Running::Result> Running::operator()() {
  const auto start = std::chrono::steady_clock::now();
  // Where ranks train together the others have to know first.
  const bool leaves = *stop_ && !trainer_->is_shared();
  if (done_ == 0 && !leaves && !use_(*trainer_)) return Engine::Then::kAgain;
  const Feed::State supply = trainer_->supply();
  if (!leaves && supply == Feed::State::kWaiting) return Engine::Then::kWait;
  const bool works = !leaves && supply == Feed::State::kReady;
  const bool stopped = works ? advance() : leaves;
  const bool ended = stopped || supply == Feed::State::kOver || done_ == steps_;
  Result result;
  if (ended && done_ > 0) result = told();
  seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (!ended) return Engine::Then::kAgain;
  result.seconds = seconds_;
  result.stopped = stopped;
  return result;
}

Running::Result Running::told() const {
  const Report report = trainer_->report();
  return {report, done_, report.images - unreported_};
}

// A step; true if it is the last. Where ranks train together they all stop after the same one.
bool Running::advance() {
  if (done_ == 0) unreported_ = trainer_->images();
  ++done_;
  const bool watched = done_ == steps_;
  if (trainer_->is_shared()) return trainer_->step_and_ask(*stop_, watched);
  trainer_->step(watched);
  return *stop_;
}

}  // namespace sparring
