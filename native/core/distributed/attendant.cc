#include "core/distributed/attendant.h"

#include <condition_variable>
#include <mutex>

namespace sparring::distributed {

struct Attendant::Signal {
  // Whether it came within the time, or the process ends.
  bool comes_within(std::chrono::milliseconds time, const GroupOptions& options) {
    std::unique_lock lock(mutex);
    return over.wait_for(lock, time, [this] { return left.load(); }) ||
           (options.ending && *options.ending);
  }
  void give() {
    const std::lock_guard lock(mutex);
    left = true;
    over.notify_all();
  }

  std::mutex mutex;
  std::condition_variable over;
  // The rank has. A roll call looks at it, too.
  std::atomic<bool> left{false};
};

Attendant::Attendant(const c10::intrusive_ptr<c10d::Store>& store, const GroupOptions& options,
                     bool keeps_store)
    : signal_(std::make_shared<Signal>()),
      work_([store, options, keeps_store, signal = signal_]() -> std::optional<Roll> {
        try {
          do {
            if (signal->comes_within(kLook, options)) return std::nullopt;
          } while (!is_roll_called(*store));
          return answer_roll(*store, options, keeps_store, signal->left);
        } catch (const std::exception&) {
          // Whoever waits finds out for itself that there is no store.
          return std::nullopt;
        }
      }) {}

Attendant::~Attendant() { signal_->give(); }

std::optional<Roll> Attendant::roll() {
  if (work_.comes_within({})) roll_ = work_.get();
  return roll_;
}

}  // namespace sparring::distributed
