// Memory in which mistakes of a kernel show.
#pragma once

#include <c10/core/CPUAllocator.h>
#include <sys/mman.h>

#include <cstring>
#include <mutex>
#include <new>
#include <unordered_map>

#include "core/torch.h"

namespace sparring::test {

// As long as it lives, right behind each tensor of the CPU comes a page that nobody may touch:
// whoever does ends the test with a signal. What has not been written yet is NaN, as it is before a
// tensor.
class FencedMemory : public c10::Allocator {
 public:
  FencedMemory() : before_(c10::GetCPUAllocator()) { c10::SetCPUAllocator(this); }
  ~FencedMemory() override { c10::SetCPUAllocator(before_); }
  FencedMemory(const FencedMemory&) = delete;
  FencedMemory& operator=(const FencedMemory&) = delete;

  c10::DataPtr allocate(size_t bytes) override {
    const size_t own = (bytes + kPage - 1) / kPage * kPage;
    void* const start = mmap(nullptr, own + kPage, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS, /*fd=*/-1, 0);
    if (start == MAP_FAILED) throw std::bad_alloc();
    char* const fence = static_cast<char*>(start) + own;
    if (mprotect(fence, kPage, PROT_NONE) != 0) throw std::bad_alloc();
    std::memset(start, 0xff, own);
    char* const data = fence - bytes;
    {
      const std::lock_guard lock(mutex_);
      blocks()[data] = {start, own + kPage};
    }
    return {data, data, &give_back, c10::Device(c10::DeviceType::CPU)};
  }
  // oneDNN takes plain pointers.
  c10::DeleterFnPtr raw_deleter() const override { return &give_back; }

  void copy_data(void* to, const void* from, size_t count) const override {
    default_copy_data(to, from, count);
  }

 private:
  static constexpr size_t kPage = 4096;
  struct Block {
    void* start;
    size_t bytes;
  };

  // Never destroyed: what is static in a library gives back after the last test.
  static std::unordered_map<void*, Block>& blocks() {
    static auto* const all = new std::unordered_map<void*, Block>;
    return *all;
  }
  // Of a tensor that may have outlived the fences.
  static void give_back(void* data) {
    if (data == nullptr) return;
    Block block;
    {
      const std::lock_guard lock(mutex_);
      const auto found = blocks().find(data);
      block = found->second;
      blocks().erase(found);
    }
    munmap(block.start, block.bytes);
  }

  inline static std::mutex mutex_;
  c10::Allocator* before_;
};

}  // namespace sparring::test
