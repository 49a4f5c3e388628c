// Waiting for what may never come: of a machine that is cut off there is no answer, not even an
// error, for a quarter of an hour, and libtorch asks nobody whether the process is ending
// meanwhile.
#pragma once

#include <functional>
#include <future>
#include <optional>
#include <utility>

#include "core/distributed/times.h"
#include "core/runtime/thread.h"

namespace sparring::distributed {

// Work that is done by a thread which can be left to itself. What it needs it has to have for
// itself: it may go on as long as it likes.
template <class Result>
class Apart {
 public:
  // Throws ERR_MEMORY where there is no thread for it.
  explicit Apart(std::function<Result()> work) {
    std::packaged_task<Result()> task(std::move(work));
    answer_ = task.get_future();
    thread_ = make_thread(std::move(task));
  }
  ~Apart() { leave(); }
  Apart(const Apart&) = delete;
  Apart& operator=(const Apart&) = delete;

  // False once it was got.
  bool comes_within(std::chrono::milliseconds time) const {
    return answer_.valid() && answer_.wait_for(time) == std::future_status::ready;
  }
  // What the work gives or throws, once.
  Result get() { return answer_.get(); }
  // Where the work looks itself whether all is over, it need not be left: a process that ends under
  // a thread which is at work may crash.
  void leave() {
    if (!thread_.joinable()) return;
    // Nothing is to come where that was got.
    !answer_.valid() || comes_within(kFarewell) ? thread_.join() : thread_.detach();
  }

 private:
  std::future<Result> answer_;
  std::thread thread_;
};

// What `work` gives or throws, done apart; nothing where `is_over` came first. Throws ERR_MEMORY
// where there is no thread for it.
template <class Result>
std::optional<Result> apart(std::function<Result()> work, const std::function<bool()>& is_over) {
  Apart<Result> one(std::move(work));
  while (!one.comes_within(kGlance)) {
    if (!is_over()) continue;
    one.leave();
    if (!one.comes_within({})) return std::nullopt;
  }
  return one.get();
}

}  // namespace sparring::distributed
