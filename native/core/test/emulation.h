// CUDA's words for the processor: a kernel's source, included after this, runs here thread by
// thread, so that its arithmetic is tested where there is no GPU.
//
// The threads of a block take turns: each goes on until it waits for the others, or is done. Who
// comes first is the test's to say (Turns), and must not matter to a bit. So it shows
// - wrong indices and formulas, and with FencedMemory values outside of a tensor, or never written;
// - a wait that is missing: in one of two orders somebody reads what is not there yet, or not any
//   more, and a sum that several make together differs in its last bits;
// - a wait that some threads of a block never come to, and blocks that need one another;
// - launches that no GPU takes, and arguments of another size than the kernel's.
// It cannot show what comes of turns that change anywhere else than at a wait, nor anything of the
// device: its warps, its compiler, its memory, its speed.
#pragma once

#include <math.h>  // a kernel calls its functions without a namespace
#include <ucontext.h>

#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "cuda/launcher.h"

namespace sparring::emulation {

struct Index {
  unsigned x = 0, y = 0;
};
// Of the thread whose turn it is.
inline Index thread_index, block_index, block_size, grid_size;

// The order of threads and blocks; the i-th of `all` comes at that place.
enum class Turns { kForwards, kBackwards };
inline unsigned turn(Turns turns, unsigned i, unsigned all) {
  return turns == Turns::kForwards ? i : all - 1 - i;
}

// The threads of a block, each with a stack of its own.
class Threads {
 public:
  Threads(Extent count, Turns turns, const std::function<void()>& work)
      : work_(work), threads_(count.x * count.y) {
    const auto all = static_cast<unsigned>(threads_.size());
    for (unsigned i = 0; i < all; ++i) {
      const unsigned place = turn(turns, i, all);
      threads_[i].index = {place % count.x, place / count.x};
      getcontext(&threads_[i].context);
      threads_[i].context.uc_stack = {threads_[i].stack.get(), 0, kStack};
      makecontext(&threads_[i].context, live, 0);
    }
  }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

  // All that they do of the block at block_index.
  void run() {
    present_ = this;
    do {
      for (Thread& one : threads_) {
        whose_ = &one;
        thread_index = one.index;
        swapcontext(&caller_, &one.context);
      }
      check_together();
    } while (threads_[0].line != kDone);
  }

  // For the one whose turn it is: until all of the block have come to that line.
  static void wait(int line) {
    Thread& own = *present_->whose_;
    own.line = line;
    swapcontext(&own.context, &present_->caller_);
  }

 private:
  static constexpr int kDone = 0;
  static constexpr size_t kStack = size_t{1} << 16;
  struct Thread {
    Index index;
    int line = kDone;  // where it waits
    std::unique_ptr<char[]> stack = std::make_unique_for_overwrite<char[]>(kStack);
    ucontext_t context;
  };

  static void live() {
    while (true) {
      present_->work_();
      wait(kDone);
    }
  }

  void check_together() const {
    for (const Thread& one : threads_) {
      if (one.line == threads_[0].line) continue;
      throw std::logic_error("threads of a block wait in line " + std::to_string(one.line) +
                             " and in line " + std::to_string(threads_[0].line) + " (0: nowhere)");
    }
  }

  static inline Threads* present_ = nullptr;
  const std::function<void()>& work_;
  std::vector<Thread> threads_;  // in the order of their turns
  Thread* whose_ = nullptr;
  ucontext_t caller_;
};

struct Launch {
  Extent blocks, threads;
  std::vector<Argument> arguments;
  Turns turns;
};

inline void run(const Launch& launch, const std::function<void()>& work) {
  grid_size = {launch.blocks.x, launch.blocks.y};
  block_size = {launch.threads.x, launch.threads.y};
  Threads threads(launch.threads, launch.turns, work);
  const unsigned all = grid_size.x * grid_size.y;
  for (unsigned i = 0; i < all; ++i) {
    const unsigned place = turn(launch.turns, i, all);
    block_index = {place % grid_size.x, place / grid_size.x};
    threads.run();
  }
}

// A kernel's arguments from their addresses, each in its own type.
template <class... Types>
std::tuple<Types...> read(std::vector<Argument> arguments) {
  if (arguments.size() != sizeof...(Types)) {
    throw std::logic_error("a kernel was launched with other arguments than it has");
  }
  std::tuple<Types...> values;
  auto take = [&arguments, i = size_t{0}](auto& value) mutable {
    Argument& from = arguments[i++];
    if (from.size() != sizeof(value)) {
      throw std::logic_error("argument " + std::to_string(i) + " of a kernel has " +
                             std::to_string(sizeof(value)) + " bytes, and was launched with " +
                             std::to_string(from.size()));
    }
    std::memcpy(&value, from.address(), sizeof(value));
  };
  std::apply([&take](auto&... each) { (take(each), ...); }, values);
  return values;
}

using Kernel = std::function<void(const Launch&)>;

template <class... Types>
Kernel emulated(void (*kernel)(Types...)) {
  static_assert((sizeof(Types) + ...) <= 4096, "a kernel's arguments are 4 KiB at most");
  return [kernel](const Launch& launch) {
    const auto values = read<Types...>(launch.arguments);
    run(launch, [&] { std::apply(kernel, values); });
  };
}

// Has kernels by their names, as a device has, and its limits.
class Emulator : public Launcher {
 public:
  Emulator(std::map<std::string, Kernel> kernels, Turns turns)
      : kernels_(std::move(kernels)), turns_(turns) {}

  void launch(const std::string& kernel, Extent blocks, Extent threads,
              std::vector<Argument> arguments) const override {
    const auto found = kernels_.find(kernel);
    if (found == kernels_.end()) throw std::logic_error("no kernel is called " + kernel);
    const bool fits = blocks.x >= 1 && blocks.x <= 0x7fffffffu && blocks.y >= 1 &&
                      blocks.y <= 0xffffu && threads.x * threads.y <= 1024;
    if (!fits) throw std::logic_error(kernel + " has more blocks or threads than a GPU takes");
    launches += 1;
    found->second({blocks, threads, std::move(arguments), turns_});
  }

  mutable int launches = 0;

 private:
  std::map<std::string, Kernel> kernels_;
  Turns turns_;
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
#define __syncthreads() ::sparring::emulation::Threads::wait(__LINE__)
#define __uint_as_float ::sparring::emulation::from_bits
#define __float_as_uint ::sparring::emulation::to_bits
