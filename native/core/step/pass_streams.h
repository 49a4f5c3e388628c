// Numbers that need not be the same under another number of ranks or parts, as dropout's.
#pragma once

#include <memory>

#include "core/random.h"

namespace sparring {

// A stream of a rank's own, another one for every pass of a step.
class PassStreams {
 public:
  explicit PassStreams(int64_t rank) : rank_(static_cast<uint64_t>(rank)) {}
  void begin_step() { passes_ = 0; }
  uint64_t passes() const { return passes_; }
  // A pass that is saved, as nothing in it would draw: those after it draw as if it had been.
  void skip() { ++passes_; }
  // Goes back to where so many passes were done: the same numbers come again.
  void go_back(uint64_t passes) { passes_ = passes; }
  // `common`, whose numbers they depend on, stays where it is.
  RandomStream& next(const RandomStream& common);

 private:
  uint64_t rank_, passes_ = 0;
  std::unique_ptr<RandomStream> own_;
};

}  // namespace sparring
