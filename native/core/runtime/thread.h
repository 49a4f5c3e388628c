#pragma once

#include <functional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "core/error.h"

namespace sparring {

// What says that the system gave no thread, which `error` told of.
inline Error no_thread(const std::exception& error) {
  return {"ERR_MEMORY", "Expected a thread for this work but the system gave none (" +
                            reason_of(error) +
                            "); fewer processes, or a higher limit of them, make room"};
}

// A thread that does `work`. Throws ERR_MEMORY where the system gives none.
template <class Work>
std::thread make_thread(Work&& work) {
  try {
    return std::thread(std::forward<Work>(work));
  } catch (const std::system_error& error) {
    throw no_thread(error);
  }
}

// What this thread was prepared by. One that goes on in its place is to do the same first.
inline std::vector<std::function<void()>>& preparations() {
  thread_local std::vector<std::function<void()>> of_thread;
  return of_thread;
}

}  // namespace sparring
