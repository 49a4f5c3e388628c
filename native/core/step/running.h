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
    double seconds = 0;            // that the steps took
    bool stopped = false;
  };

  // Any thread may set `stop`, which ends it at the next step boundary.
  Running(std::shared_ptr<Trainer> trainer, std::shared_ptr<const std::atomic<bool>> stop, Use use,
          int64_t steps);
  Turn<Result> operator()();

 private:
  bool advance();

  std::shared_ptr<Trainer> trainer_;
  std::shared_ptr<const std::atomic<bool>> stop_;
  Use use_;
  int64_t steps_, done_ = 0;
  double seconds_ = 0;
};

}  // namespace sparring
