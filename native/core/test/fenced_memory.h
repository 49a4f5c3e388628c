// Memory in which mistakes of a kernel show.
#pragma once

#include <c10/core/CPUAllocator.h>
#include <sys/mman.h>

#include <cstring>
#include <new>

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
    return {fence - bytes, new Block{start, own + kPage}, &give_back,
            c10::Device(c10::DeviceType::CPU)};
  }

  void copy_data(void* to, const void* from, size_t count) const override {
    default_copy_data(to, from, count);
  }

 private:
  static constexpr size_t kPage = 4096;
  struct Block {
    void* start;
    size_t bytes;
  };

  // Of a tensor that may have outlived the fences.
  static void give_back(void* context) {
    const auto* const block = static_cast<Block*>(context);
    munmap(block->start, block->bytes);
    delete block;
  }

  c10::Allocator* before_;
};

}  // namespace sparring::test
