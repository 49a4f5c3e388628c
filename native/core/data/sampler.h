// The order in which a dataset is visited: DataLoader(shuffle=True), number for number.
#pragma once

#include <memory>

#include "core/random.h"

namespace sparring {

// The whole numbers below `count`, int64, in the order of torch.randperm() by a generator of
// `seed`.
at::Tensor shuffled(int64_t count, uint64_t seed);

class Sampler {
 public:
  // What an epoch takes from the stream as it begins; returns the seed of its permutation.
  static uint64_t draw_epoch(RandomStream& stream);

  // `device` is where the indices are to be; `drop_last`: batches are whole, and an epoch leaves
  // out what is not enough for one.
  Sampler(int64_t size, int64_t batch_size, std::shared_ptr<RandomStream> stream,
          const at::Device& device = at::kCPU, bool drop_last = false);

  // Indices of the next batch, int64; the last of an epoch may be smaller. A new epoch
  // starts by drawing its permutation, at the moment its first batch is asked for.
  at::Tensor next();

  // Indices of the batch after, as far as this epoch has one; may be empty.
  at::Tensor upcoming() const;

  // Where it is: the order of this epoch, int64 [size], undefined before the first, and how much of
  // it has been visited.
  const at::Tensor& permutation() const { return permutation_; }
  int64_t position() const { return position_; }
  int64_t batch_size() const { return batch_size_; }
  void go_to(const at::Tensor& permutation, int64_t position);

 private:
  void start_epoch();

  // How many of those left in the epoch the next batch gets; 0 where none are left.
  int64_t next_count() const;

  int64_t size_, batch_size_, position_;
  int64_t fewest_;  // in a batch
  std::shared_ptr<RandomStream> stream_;
  at::Device device_;
  at::Tensor permutation_;
};

}  // namespace sparring
