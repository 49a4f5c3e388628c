#include "core/runtime/engine.h"

#include <chrono>

#include "core/runtime/vector_math.h"

namespace sparring {

bool Engine::post(Slice slice) {
  const std::lock_guard lock(mutex_);
  if (stopped_) return false;
  queue_.push_back(std::move(slice));
  // Started by the first job: a process that only imports the library gets no thread.
  if (!thread_.joinable()) thread_ = std::thread([this] { loop(); });
  wake_.notify_one();
  return true;
}

void Engine::wake() {
  const std::lock_guard lock(mutex_);
  wakes_ += 1;
  for (Slice& slice : waiting_) queue_.push_back(std::move(slice));
  waiting_.clear();
  wake_.notify_one();
}

void Engine::stop() {
  std::deque<Slice> dropped, dropped_too;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    dropped.swap(queue_);
    dropped_too.swap(waiting_);
    wake_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

void Engine::loop() {
  settle_vector_math();
  std::unique_lock lock(mutex_);
  while (true) {
    wait_for_work(lock);
    if (stopped_) return;
    Slice slice = std::move(queue_.front());
    queue_.pop_front();
    const uint64_t seen = wakes_;
    lock.unlock();
    const Then then = slice();
    if (then == Then::kDone) slice = nullptr;  // frees what it held outside the lock
    lock.lock();
    if (then == Then::kDone || stopped_) continue;
    // What it waits for may have come while it ran: that call of wake() was for it, too.
    const bool waits = then == Then::kWait && wakes_ == seen;
    (waits ? waiting_ : queue_).push_back(std::move(slice));
  }
}

void Engine::wait_for_work(std::unique_lock<std::mutex>& lock) {
  const auto is_due = [this] { return stopped_ || !queue_.empty(); };
  // Between two ticks there is always a moment without work: too short to give anything back in.
  if (wake_.wait_for(lock, std::chrono::milliseconds(500), is_due)) return;
  lock.unlock();
  on_idle_();
  lock.lock();
  wake_.wait(lock, is_due);
}

}  // namespace sparring
