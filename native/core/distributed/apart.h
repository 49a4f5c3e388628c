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

// What `work` gives or throws, which is done by a thread that can be left to itself; nothing where
// `is_over` came first. What it needs it has to have for itself: it may go on as long as it likes.
// Throws ERR_MEMORY where there is no thread for it.
template <class Answer>
std::optional<Answer> apart(std::function<Answer()> work, const std::function<bool()>& is_over) {
  std::packaged_task<Answer()> task(std::move(work));
  std::future<Answer> answer = task.get_future();
  std::thread thread = make_thread(std::move(task));
  const auto comes_within = [&answer](std::chrono::milliseconds time) {
    return answer.wait_for(time) == std::future_status::ready;
  };
  while (!comes_within(kGlance)) {
    // Where it looks itself whether all is over, it need not be left: a process that ends under a
    // thread which is at work may crash.
    if (!is_over() || comes_within(kFarewell)) continue;
    thread.detach();
    return std::nullopt;
  }
  thread.join();
  return answer.get();
}

}  // namespace sparring::distributed
