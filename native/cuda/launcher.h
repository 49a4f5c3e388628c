// What launches a kernel that was compiled at run time. Apart from CUDA, so that the arguments of
// each launch are tested without a GPU.
#pragma once

#include <string>
#include <vector>

#include "core/torch.h"

namespace sparring {

// One argument of a kernel, of the type that it has there.
class Argument {
 public:
  Argument(const void* value) : own_{.pointer = value}, size_(sizeof(value)) {}
  Argument(long long value) : own_{.number = value}, size_(sizeof(value)) {}
  Argument(int value) : own_{.integer = value}, size_(sizeof(value)) {}
  Argument(float value) : own_{.single = value}, size_(sizeof(value)) {}
  Argument(double value) : own_{.real = value}, size_(sizeof(value)) {}
  // One that a kernel takes as a whole: not copied, so it has to outlive the launch.
  template <class Whole>
  static Argument whole(const Whole& value) {
    Argument argument(nullptr);
    argument.whole_ = &value;
    argument.size_ = sizeof(value);
    return argument;
  }

  void* address() { return const_cast<void*>(whole_ ? whole_ : &own_); }
  // In bytes: a device takes as many as its kernel says, whatever is there.
  size_t size() const { return size_; }

 private:
  union {
    const void* pointer;
    long long number;
    int integer;
    float single;
    double real;
  } own_;
  size_t size_;
  const void* whole_ = nullptr;
};

// How many, across and down: blocks of a launch, or threads of a block.
struct Extent {
  unsigned x, y;
};

class Launcher {
 public:
  virtual ~Launcher() = default;
  // `blocks` of `threads` each, in the order of the device's present stream.
  virtual void launch(const std::string& kernel, Extent blocks, Extent threads,
                      std::vector<Argument> arguments) const = 0;
};

}  // namespace sparring
