#include "core/runtime/engine.h"

#include <chrono>

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

void Engine::stop() {
  std::deque<Slice> dropped;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    dropped.swap(queue_);
    wake_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

void Engine::loop() {
  std::unique_lock lock(mutex_);
  while (true) {
    wait_for_work(lock);
    if (stopped_) return;
    Slice slice = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    const bool more = slice();
    if (!more) slice = nullptr;  // frees what it held outside the lock
    lock.lock();
    if (more && !stopped_) queue_.push_back(std::move(slice));
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
