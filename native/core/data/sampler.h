// The order in which a dataset is visited: DataLoader(shuffle=True), number for number.
#pragma once

#include <memory>

#include "core/random.h"

namespace sparring {

class Sampler {
 public:
  // `device` is where the indices are to be.
  Sampler(int64_t size, int64_t batch_size, std::shared_ptr<RandomStream> stream,
          const at::Device& device = at::kCPU);

  // Indices of the next batch, int64; the last of an epoch may be smaller. A new epoch
  // starts by drawing its permutation, at the moment its first batch is asked for.
  at::Tensor next();

  int64_t batches_per_epoch() const { return (size_ + batch_size_ - 1) / batch_size_; }

 private:
  void start_epoch();

  int64_t size_, batch_size_, position_;
  std::shared_ptr<RandomStream> stream_;
  at::Device device_;
  at::Tensor permutation_;
};

}  // namespace sparring
