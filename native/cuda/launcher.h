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
  Argument(const void* value) : own_{.pointer = value} {}
  Argument(long long value) : own_{.number = value} {}
  Argument(int value) : own_{.integer = value} {}
  Argument(float value) : own_{.single = value} {}
  Argument(double value) : own_{.real = value} {}
  // One that a kernel takes as a whole: not copied, so it has to outlive the launch.
  template <class Whole>
  static Argument whole(const Whole& value) {
    Argument argument(nullptr);
    argument.whole_ = &value;
    return argument;
  }

  void* address() { return const_cast<void*>(whole_ ? whole_ : &own_); }

 private:
  union {
    const void* pointer;
    long long number;
    int integer;
    float single;
    double real;
  } own_;
  const void* whole_ = nullptr;
};

struct Blocks {
  unsigned x, y;
};

class Launcher {
 public:
  virtual ~Launcher() = default;
  // `blocks` of `threads` each, in the order of the device's present stream.
  virtual void launch(const std::string& kernel, Blocks blocks, Blocks threads,
                      std::vector<Argument> arguments) const = 0;
};

}  // namespace sparring
