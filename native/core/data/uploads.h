// Batches on their way from the host to a GPU. It goes on with what it has to do meanwhile, and
// nobody waits for either.
#pragma once

#include <c10/core/Event.h>

#include <deque>
#include <utility>

#include "core/torch.h"

namespace sparring {

// The ends of what was begun one after the other, of which at most so many are to come at a time.
template <class Event>
class UnderWay {
 public:
  explicit UnderWay(size_t most) : most_(most) {}
  // Waits for the first ones, until there is room for one more.
  void make_room() {
    while (events_.size() >= most_) {
      events_.front().synchronize();
      events_.pop_front();
    }
  }
  void add(Event event) { events_.push_back(std::move(event)); }

 private:
  size_t most_;
  std::deque<Event> events_;
};

class Uploads {
 public:
  // The values on the device; those of the host may change once it returns. Goes through pinned
  // memory to a GPU: from any other the host waits until all that it asked for before is done.
  at::Tensor to(const at::Tensor& values, const at::Device& device);

 private:
  // Each has pinned memory of its own. Enough that a step with several batches can be asked for
  // while the GPU is at the one before.
  static constexpr size_t kMost = 8;
  UnderWay<c10::Event> under_way_{kMost};
};

}  // namespace sparring
