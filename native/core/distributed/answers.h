// Whether a store goes on answering those who meet there.
#pragma once

#include <atomic>
#include <optional>
#include <utility>

#include "core/distributed/times.h"
#include "core/error.h"

namespace sparring::distributed {

// A question to a machine that is cut off, or to a process that hangs, gets no answer and no error.
// So whoever asks counts answers here, and another thread looks whether they go on.
class Answers {
 public:
  // One came. Throws what give_up() said, once it has.
  void count() {
    if (is_given_up_) throw Error(*lack_);
    last_ = Clock::now();
    is_reached_ = true;
  }
  bool stay_out(std::chrono::milliseconds time) const {
    return Clock::now() - last_.load() >= time;
  }
  // Whether any came.
  bool is_reached() const { return is_reached_; }
  // Nobody waits for them any more, for lack of them. Once.
  void give_up(Error lack) {
    lack_ = std::move(lack);
    is_given_up_ = true;
  }

 private:
  std::atomic<Clock::time_point> last_{Clock::now()};
  std::atomic<bool> is_reached_ = false, is_given_up_ = false;
  std::optional<Error> lack_;  // set before it is said to be given up
};

}  // namespace sparring::distributed
