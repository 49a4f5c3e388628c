// Batches on their way from the host to a GPU. It goes on with what it has to do meanwhile, and
// nobody waits for either.
#pragma once

#include <c10/core/Event.h>

#include <deque>
#include <utility>

#include "core/torch.h"

namespace sparring {

// The ends of what was sent one after the other, of which at most so many, and so many bytes, are
// to come at a time: two of any size.
template <class Event>
class Arrivals {
 public:
  Arrivals(size_t most, size_t most_bytes) : most_(most), most_bytes_(most_bytes) {}
  // Waits for the first ones, until there is room for so many bytes more.
  void make_room(size_t bytes) {
    while (ahead_.size() >= most_ || (ahead_.size() > 1 && bytes_ + bytes > most_bytes_)) {
      ahead_.front().event.synchronize();
      bytes_ -= ahead_.front().bytes;
      ahead_.pop_front();
    }
  }
  void add(size_t bytes, Event event) {
    ahead_.push_back({bytes, std::move(event)});
    bytes_ += bytes;
  }

 private:
  struct Arrival {
    size_t bytes;
    Event event;
  };
  size_t most_, most_bytes_, bytes_ = 0;  // of those ahead
  std::deque<Arrival> ahead_;
};

class Uploads {
 public:
  // The values on the device. What a GPU has is a copy: those of the host may change once it
  // returns. Goes through pinned memory there: from any other the host waits until all that it
  // asked for before is done.
  at::Tensor to(const at::Tensor& values, const at::Device& device);

 private:
  // Each has pinned memory of its own, which libtorch keeps, in blocks of a power of two. Enough
  // that a step with several batches can be asked for while the GPU is at the one before.
  Arrivals<c10::Event> arrivals_{8, size_t{256} << 20};
};

}  // namespace sparring
