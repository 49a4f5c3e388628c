#include "core/runtime/engine.h"

#include <ATen/Parallel.h>
#include <pthread.h>

#include <chrono>
#include <new>

#include "core/runtime/thread.h"
#include "core/runtime/vector_math.h"
#include "core/torch.h"

namespace sparring {
namespace {

// What Linux gives a thread where nobody limits it.
constexpr size_t kStackBytes = 8 << 20;

// A thread has what the limit of the first one's stack was when the process began (ulimit -s), and
// with 64 KB oneDNN ends in a segmentation fault. So threads that are made without a size from here
// on, those of OpenMP and of libtorch too, have what they need.
void widen_stacks() {
  pthread_attr_t usual;
  if (pthread_getattr_default_np(&usual) != 0) return;
  size_t bytes = 0;
  const bool is_small = pthread_attr_getstacksize(&usual, &bytes) == 0 && bytes < kStackBytes;
  if (is_small && pthread_attr_setstacksize(&usual, kStackBytes) == 0) {
    pthread_setattr_default_np(&usual);
  }
  pthread_attr_destroy(&usual);
}

// Whether there is room for the stack of a thread, those of the threads that OpenMP makes for it,
// and what they begin with. OpenMP ends the process where it gets none.
bool has_room_for_thread() {
  const auto stacks = static_cast<size_t>(at::get_num_threads()) + 2;
  void* const room = ::operator new(stacks * kStackBytes, std::nothrow);
  ::operator delete(room);
  return room != nullptr;
}

}  // namespace

bool Engine::post(Slice slice) {
  const std::lock_guard lock(mutex_);
  if (stopped_) return false;
  // By the first job: a process that only imports the library gets no thread. And before the job
  // is in the queue, which would keep one that nobody does.
  if (!thread_.joinable()) start();
  queue_.push_back(std::move(slice));
  wake_.notify_one();
  return true;
}

void Engine::start() {
  widen_stacks();
  thread_ = make_thread([this] {
    settle_vector_math();
    loop();
  });
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

void Engine::change_thread() {
  const std::lock_guard lock(mutex_);
  changes_ = true;
}

// Whether another thread goes on. Who stops the engine waits for that one, and it for this one.
bool Engine::hand_over() {
  if (!has_room_for_thread()) return false;
  left_.swap(thread_);
  try {
    thread_ = make_thread([this, first = preparations()] {
      // A stream of CUDA's, say, which it has once that one has left it.
      left_.join();
      for (const auto& prepare : first) prepare();
      loop();
    });
  } catch (const std::exception&) {
    left_.swap(thread_);
    return false;
  }
  changes_ = false;
  return true;
}

void Engine::loop() {
  std::unique_lock lock(mutex_);
  while (true) {
    wait_for_work(lock);
    if (stopped_ || (changes_ && hand_over())) return;
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
