#include "core/runtime/memory.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <malloc.h>
#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <map>
#include <mutex>
#include <new>
#include <unordered_map>

namespace sparring {
namespace {

constexpr size_t kSmallest = size_t{1} << 16;  // malloc keeps what is smaller by itself
constexpr size_t kPage = size_t{1} << 12;
constexpr size_t kHugePage = size_t{1} << 21;
constexpr int64_t kStale = 256;  // steps in which nobody asked for a block

size_t round_up(size_t size) {
  const size_t unit = size < kHugePage ? kPage : kHugePage;
  return (size + unit - 1) / unit * unit;
}

// Null where the system has no more.
void* new_block(size_t size) {
  const size_t alignment = size < kHugePage ? kPage : kHugePage;
  void* block = std::aligned_alloc(alignment, size);
  // One fault and one entry of the TLB for 2 MiB. Where the system has no such pages, no harm.
  if (block != nullptr && alignment == kHugePage) madvise(block, size, MADV_HUGEPAGE);
  return block;
}

class Memory : public c10::Allocator {
 public:
  explicit Memory(c10::Allocator* small) : small_(small) {}

  c10::DataPtr allocate(size_t bytes) override {
    if (bytes < kSmallest) return allocate_small(bytes);
    const size_t size = round_up(bytes);
    void* block = take(size);
    if (block == nullptr) {
      // Spare blocks of other sizes may be what is missing.
      trim();
      block = take(size);
    }
    // Its own way of saying how much could not be had.
    if (block == nullptr) return allocate_small(bytes);
    return {block, block, &give_back, c10::Device(c10::DeviceType::CPU)};
  }

  // oneDNN asks for memory without a tensor, small and large.
  c10::DeleterFnPtr raw_deleter() const override { return &give_back; }

  void copy_data(void* to, const void* from, std::size_t count) const override {
    default_copy_data(to, from, count);
  }

  void trim() {
    std::multimap<size_t, Spare> dropped;
    {
      const std::lock_guard lock(mutex_);
      dropped.swap(spare_);
      bytes_.spare = 0;
      peak_ = bytes_.used;
      keeping_ = false;
    }
    for (const auto& [size, spare] : dropped) std::free(spare.block);
  }

  void mark_step() {
    const std::lock_guard lock(mutex_);
    step_ += 1;
    // What a rare piece of work left, an evaluation or a large sample, is not kept for a whole run.
    if (step_ % kStale == 0) drop(step_ - kStale);
  }

  KeptMemory bytes() {
    const std::lock_guard lock(mutex_);
    return bytes_;
  }

  LiveMemory live() const { return {live_.tensors, live_.bytes}; }

 private:
  struct Spare {
    void* block;
    int64_t step;  // in which it was last in use
  };

  // Counts of all threads; read without a lock, as nobody needs the two to be of one moment.
  struct Live {
    std::atomic<int64_t> tensors = 0, bytes = 0;
    void add(int64_t size) {
      tensors.fetch_add(1, std::memory_order_relaxed);
      bytes.fetch_add(size, std::memory_order_relaxed);
    }
    void remove(int64_t size) {
      tensors.fetch_sub(1, std::memory_order_relaxed);
      bytes.fetch_sub(size, std::memory_order_relaxed);
    }
  };

  // Memory of malloc, which knows how large a block is when it comes back.
  c10::DataPtr allocate_small(size_t bytes) {
    void* block = small_->allocate(bytes).release_context();
    if (block != nullptr) live_.add(static_cast<int64_t>(malloc_usable_size(block)));
    return {block, block, &give_back_small, c10::Device(c10::DeviceType::CPU)};
  }

  void* take(size_t size) {
    const std::lock_guard lock(mutex_);
    keeping_ = true;
    // A little too large will do: batches of other sizes come and go.
    const auto found = spare_.lower_bound(size);
    void* block = nullptr;
    if (found != spare_.end() && found->first <= size + size / 8) {
      size = found->first;
      block = found->second.block;
      spare_.erase(found);
      bytes_.spare -= static_cast<int64_t>(size);
    } else {
      drop_if_too_many(static_cast<int64_t>(size));
      block = new_block(size);
    }
    if (block == nullptr || !remember(block, size)) return nullptr;
    bytes_.used += static_cast<int64_t>(size);
    live_.add(static_cast<int64_t>(size));
    peak_ = std::max(peak_, bytes_.used);
    return block;
  }

  // All there is stays within a quarter of what was once in use at the same time, but for what
  // every step asks for: of many sizes, never all of them at a time, that may be twice as much.
  // Given back it would be faulted in again in the same step.
  void drop_if_too_many(int64_t wanted) {
    const int64_t most = std::max(peak_, bytes_.used + wanted);
    if (bytes_.used + bytes_.spare + wanted <= most / 4 * 5) return;
    drop(step_ - 1);
    if (bytes_.used + bytes_.spare + wanted > most * 2) drop(step_ + 1);
  }

  // What was given back to be kept before that step.
  void drop(int64_t step) {
    for (auto it = spare_.begin(); it != spare_.end();) {
      if (it->second.step >= step) {
        ++it;
        continue;
      }
      std::free(it->second.block);
      bytes_.spare -= static_cast<int64_t>(it->first);
      it = spare_.erase(it);
    }
  }

  bool remember(void* block, size_t size) {
    try {
      used_.emplace(block, size);
      return true;
    } catch (const std::bad_alloc&) {
      std::free(block);
      return false;
    }
  }

  // False for a block of malloc's. Called by destructors: must not throw.
  bool put(void* block) noexcept {
    const std::lock_guard lock(mutex_);
    const auto found = used_.find(block);
    if (found == used_.end()) return false;
    const size_t size = found->second;
    used_.erase(found);
    bytes_.used -= static_cast<int64_t>(size);
    live_.remove(static_cast<int64_t>(size));
    keep_or_free(block, size);
    return true;
  }

  void keep_or_free(void* block, size_t size) noexcept {
    // After a trim nobody is at work: a result that JavaScript drops would wait for ever.
    if (!keeping_) return std::free(block);
    try {
      spare_.emplace(size, Spare{block, step_});
      bytes_.spare += static_cast<int64_t>(size);
    } catch (const std::bad_alloc&) {
      std::free(block);
    }
  }

  static void give_back(void* block);
  static void give_back_small(void* block);

  c10::Allocator* small_;
  std::mutex mutex_;
  std::unordered_map<void*, size_t> used_;
  std::multimap<size_t, Spare> spare_;
  KeptMemory bytes_;
  Live live_;
  int64_t step_ = 0;
  int64_t peak_ = 0;  // most bytes in use since the last trim
  bool keeping_ = true;
};

Memory* memory = nullptr;  // never deleted: tensors of static objects outlive main()

void Memory::give_back(void* block) {
  if (!memory->put(block)) give_back_small(block);
}

void Memory::give_back_small(void* block) {
  if (block == nullptr) return;
  memory->live_.remove(static_cast<int64_t>(malloc_usable_size(block)));
  memory->small_->raw_deleter()(block);
}

}  // namespace

void keep_memory() {
  static const bool once = [] {
    memory = new Memory(c10::GetCPUAllocator());
    c10::SetCPUAllocator(memory);
    return true;
  }();
  (void)once;
}

void mark_step() {
  if (memory != nullptr) memory->mark_step();
}

void trim_memory() {
  if (memory != nullptr) memory->trim();
}

LiveMemory live_memory() { return memory == nullptr ? LiveMemory{} : memory->live(); }

KeptMemory kept_memory() { return memory == nullptr ? KeptMemory{} : memory->bytes(); }

}  // namespace sparring
