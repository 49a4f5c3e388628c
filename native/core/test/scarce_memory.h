// Memory that runs out at a chosen moment.
#pragma once

#include <c10/core/CPUAllocator.h>

#include <cstring>
#include <new>

#include "core/torch.h"

namespace sparring::test {

// As long as it lives, tensors of the CPU come from it. What has not been written yet is NaN.
class ScarceMemory : public c10::Allocator {
 public:
  ScarceMemory() : before_(c10::GetCPUAllocator()) { c10::SetCPUAllocator(this); }
  ~ScarceMemory() override { c10::SetCPUAllocator(before_); }
  ScarceMemory(const ScarceMemory&) = delete;
  ScarceMemory& operator=(const ScarceMemory&) = delete;

  // One tensor is refused, after so many that are not.
  void refuse_after(int64_t tensors) { left_ = tensors; }
  bool has_refused() const { return has_refused_; }

  c10::DataPtr allocate(size_t bytes) override {
    if (left_-- == 0) {
      has_refused_ = true;
      throw std::bad_alloc();
    }
    c10::DataPtr block = before_->allocate(bytes);
    if (bytes > 0) std::memset(block.get(), 0xff, bytes);
    return block;
  }

  c10::DeleterFnPtr raw_deleter() const override { return before_->raw_deleter(); }

  void copy_data(void* to, const void* from, size_t count) const override {
    default_copy_data(to, from, count);
  }

 private:
  c10::Allocator* before_;
  int64_t left_ = -1;
  bool has_refused_ = false;
};

}  // namespace sparring::test
