#include "core/random.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/detail/CUDAHooksInterface.h>

#include <random>

namespace sparring {

RandomStream::RandomStream(uint64_t seed)
    : seed_(seed), cpu_(at::make_generator<at::CPUGeneratorImpl>(seed)) {}

at::Generator& RandomStream::on(const at::Device& device) {
  if (device.is_cpu()) return cpu_;
  if (!device_.defined()) {
    device_ = at::detail::getCUDAHooks().getNewGenerator(device.index());
    device_.set_current_seed(seed_);
  }
  return device_;
}

std::shared_ptr<RandomStream> RandomStream::fork() const {
  auto copy = std::make_shared<RandomStream>(seed_);
  copy->cpu_ = cpu_.clone();
  if (device_.defined()) copy->device_ = device_.clone();
  return copy;
}

uint64_t RandomStream::draw_seed() {
  return static_cast<uint64_t>(at::empty({}, at::kLong).random_(cpu_).item<int64_t>());
}

uint64_t entropy() {
  std::random_device device;
  // 53 bits, so that JavaScript can hold the seed and give it back.
  return ((static_cast<uint64_t>(device()) << 32) | device()) >> 11;
}

}  // namespace sparring
