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

void RandomStream::renew() {
  cpu_ = cpu_.clone();
  if (device_.defined()) device_ = device_.clone();
}

std::shared_ptr<RandomStream> RandomStream::fork() const {
  auto copy = std::make_shared<RandomStream>(seed_);
  copy->cpu_ = cpu_.clone();
  if (device_.defined()) copy->device_ = device_.clone();
  return copy;
}

NamedTensors RandomStream::state() const {
  NamedTensors state{{"cpu", cpu_.get_state()}};
  if (device_.defined()) state.emplace_back("cuda", device_.get_state());
  return state;
}

void RandomStream::set_state(uint64_t seed, const NamedTensors& state, const at::Device& device) {
  seed_ = seed;
  cpu_.set_current_seed(seed);
  // In place: a recorded step goes on drawing from the generator that it was recorded with.
  if (device_.defined()) device_.set_current_seed(seed);
  for (const auto& [type, bytes] : state) {
    if (type == "cpu") cpu_.set_state(bytes);
    if (type == "cuda" && device.is_cuda()) on(device).set_state(bytes);
  }
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
