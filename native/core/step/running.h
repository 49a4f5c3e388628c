// A call of run(): a step a turn.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>

#include "core/runtime/engine.h"
#include "core/step/trainer.h"

namespace sparring {

class Running {
 public:
  // Has the trainer take its batches from what run() was given; false while there is more to read
  // before it can.
  using Use = std::function<bool(Trainer&)>;

  struct Result {
    std::optional<Report> report;  // none where it ended before the first step
    // Of this call alone. What it reports may begin before it: with the steps of a call that failed
    // half way, or with those from before a checkpoint in the middle of a tick.
    int64_t steps = 0, images = 0;
    double seconds = 0;  // that the steps took
    bool stopped = false;
  };

  // Any thread may set `stop`, which ends it at the next step boundary.
  Running(std::shared_ptr<Trainer> trainer, std::shared_ptr<const std::atomic<bool>> stop, Use use,
          int64_t steps);
  Turn<Result> operator()();

 private:
  bool advance();
  Result told() const;

  std::shared_ptr<Trainer> trainer_;
  std::shared_ptr<const std::atomic<bool>> stop_;
  Use use_;
  int64_t steps_, done_ = 0;
  int64_t unreported_ = 0;  // images from before it
  double seconds_ = 0;
};

}  // namespace sparring
