// The thread that does all tensor work of one environment. OpenMP pools, autocast state and cuBLAS
// handles are per thread, so there is exactly one at a time, and it is never the caller's.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <variant>

namespace sparring {

class Engine {
 public:
  // What comes after a slice: nothing, the same again, or the same again after the next wake().
  enum class Then { kDone, kAgain, kWait };
  // A piece of work that ends soon, at a step boundary. Long work comes in slices so that short
  // work (a sample, a save) gets its turn between two steps, and so that stopping never waits for
  // longer than one slice. One that lacks something never blocks: the thread is there for the
  // others, and perhaps for what it waits for. Must not throw.
  using Slice = std::function<Then()>;

  // `on_idle` runs on the engine's thread when there was no work for half a second.
  explicit Engine(std::function<void()> on_idle = [] {}) : on_idle_(std::move(on_idle)) {}
  ~Engine() { stop(); }
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Queues work; jobs take turns in the order in which they came. False once stopped. Throws
  // ERR_MEMORY where the first one gets no thread; the next one tries again.
  bool post(Slice slice);
  // Something may have come that slices wait for: all of them look again. Any thread.
  void wake();
  // Has another thread do what comes after the present slice. As long as there is no room for
  // one, the present one goes on, and asks again before each slice.
  void change_thread();
  // Lets the current slice end, drops the rest and joins. Any thread but the engine's; idempotent.
  void stop();

 private:
  void start();
  void loop();
  bool hand_over();
  void wait_for_work(std::unique_lock<std::mutex>& lock);

  std::function<void()> on_idle_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Slice> queue_, waiting_;
  uint64_t wakes_ = 0;
  std::thread thread_;
  std::thread left_;  // the one before it, until it has ended
  bool stopped_ = false, changes_ = false;
};

// What a turn of work comes to: its value, or what has to come before it goes on.
template <class T>
using Turn = std::variant<T, Engine::Then>;

}  // namespace sparring
