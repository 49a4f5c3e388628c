#include "core/data/sampler.h"

#include <algorithm>

namespace sparring {

at::Tensor shuffled(int64_t count, uint64_t seed) {
  RandomStream stream(seed);
  return at::randperm(count, stream.cpu(), at::TensorOptions(at::kLong));
}

Sampler::Sampler(int64_t size, int64_t batch_size, std::shared_ptr<RandomStream> stream,
                 const at::Device& device, bool drop_last)
    : size_(size),
      batch_size_(batch_size),
      position_(size),
      fewest_(drop_last ? batch_size : 1),
      stream_(std::move(stream)),
      device_(device) {}

at::Tensor Sampler::next() {
  if (next_count() == 0) start_epoch();
  const int64_t count = next_count();
  const at::Tensor indices = permutation_.narrow(0, position_, count);
  position_ += count;
  return indices;
}

int64_t Sampler::next_count() const {
  const int64_t count = std::min(batch_size_, size_ - position_);
  return count < fewest_ ? 0 : count;
}

at::Tensor Sampler::upcoming() const {
  if (!permutation_.defined()) return at::empty({0}, at::kLong);
  return permutation_.narrow(0, position_, next_count());
}

void Sampler::go_to(const at::Tensor& permutation, int64_t position) {
  permutation_ = permutation.to(device_);
  position_ = position;
}

uint64_t Sampler::draw_epoch(RandomStream& stream) {
  // DataLoader's iterator draws a seed for its workers first, used or not; then RandomSampler draws
  // one for the permutation.
  stream.draw_seed();
  return stream.draw_seed();
}

void Sampler::start_epoch() {
  // Once an epoch to the device, not once a batch.
  permutation_ = shuffled(size_, draw_epoch(*stream_)).to(device_);
  position_ = 0;
}

}  // namespace sparring
