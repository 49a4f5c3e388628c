// CUDA's words for the processor: a kernel's source, included after this, runs here thread by
// thread, a block after the other, so that its arithmetic is tested where there is no GPU. What
// that cannot show is anything of the device: its compiler, its memory, its speed.
#pragma once

#include <math.h>  // a kernel calls its functions without a namespace

#include <barrier>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "cuda/launcher.h"

namespace sparring::emulation {

struct Index {
  int x = 0, y = 0;
};
inline thread_local Index thread_index, block_index;
inline Index block_size, grid_size;
inline std::unique_ptr<std::barrier<>> barrier;

// What one thread does of a grid: all blocks, each after everybody is done with the one before.
template <class Kernel>
void run_thread(Index own, const Kernel& kernel) {
  thread_index = own;
  for (block_index.y = 0; block_index.y < grid_size.y; ++block_index.y) {
    for (block_index.x = 0; block_index.x < grid_size.x; ++block_index.x) {
      kernel();
      barrier->arrive_and_wait();
    }
  }
}

// Calls `kernel` as a grid would.
template <class Kernel>
void run(Blocks blocks, Blocks threads, const Kernel& kernel) {
  grid_size = {static_cast<int>(blocks.x), static_cast<int>(blocks.y)};
  block_size = {static_cast<int>(threads.x), static_cast<int>(threads.y)};
  barrier = std::make_unique<std::barrier<>>(block_size.x * block_size.y);
  std::vector<std::jthread> running;
  for (int y = 0; y < block_size.y; ++y) {
    for (int x = 0; x < block_size.x; ++x) {
      running.emplace_back([&kernel, x, y] { run_thread({x, y}, kernel); });
    }
  }
}

// A kernel's arguments from their addresses, each in its own type.
template <class... Types, size_t... I>
void call(void (*kernel)(Types...), std::vector<Argument> arguments, std::index_sequence<I...>) {
  const auto read = [&arguments]<class Type>(size_t i, Type* to) {
    std::memcpy(to, arguments[i].address(), sizeof(Type));
  };
  std::tuple<Types...> values;
  (read(I, &std::get<I>(values)), ...);
  kernel(std::get<I>(values)...);
}

template <class... Types>
void launch(void (*kernel)(Types...), Blocks blocks, Blocks threads,
            const std::vector<Argument>& arguments) {
  if (arguments.size() != sizeof...(Types)) {
    throw std::logic_error("a kernel was launched with other arguments than it has");
  }
  run(blocks, threads,
      [&] { call(kernel, arguments, std::make_index_sequence<sizeof...(Types)>()); });
}

using Kernel = std::function<void(Blocks, Blocks, const std::vector<Argument>&)>;

template <class... Types>
Kernel emulated(void (*kernel)(Types...)) {
  return [kernel](Blocks blocks, Blocks threads, const std::vector<Argument>& arguments) {
    launch(kernel, blocks, threads, arguments);
  };
}

// Has kernels by their names, as a device has.
class Emulator : public Launcher {
 public:
  explicit Emulator(std::map<std::string, Kernel> kernels) : kernels_(std::move(kernels)) {}

  void launch(const std::string& kernel, Blocks blocks, Blocks threads,
              std::vector<Argument> arguments) const override {
    const auto found = kernels_.find(kernel);
    if (found == kernels_.end()) throw std::logic_error("no kernel is called " + kernel);
    if (threads.x * threads.y > 1024) throw std::logic_error(kernel + " has too many threads");
    launches += 1;
    found->second(blocks, threads, arguments);
  }

  mutable int launches = 0;

 private:
  std::map<std::string, Kernel> kernels_;
};

inline float from_bits(unsigned bits) {
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

inline unsigned to_bits(float value) {
  unsigned bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return bits;
}

}  // namespace sparring::emulation

#define __global__
#define __device__
// One block runs at a time, so its threads may share what the program has once.
#define __shared__ static
#define threadIdx ::sparring::emulation::thread_index
#define blockIdx ::sparring::emulation::block_index
#define blockDim ::sparring::emulation::block_size
#define gridDim ::sparring::emulation::grid_size
#define __syncthreads() ::sparring::emulation::barrier->arrive_and_wait()
#define __uint_as_float ::sparring::emulation::from_bits
#define __float_as_uint ::sparring::emulation::to_bits
