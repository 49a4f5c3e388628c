// What launches a kernel that was compiled at run time. Apart from CUDA, so that the arguments of
// each launch are tested without a GPU.
#pragma once

#include <string>
#include <vector>

#include "core/torch.h"

namespace sparring {

// One argument of a kernel, of the type that it has there.
union Argument {
  Argument(const void* value) : pointer(value) {}
  Argument(long long value) : number(value) {}
  Argument(int value) : integer(value) {}
  Argument(float value) : single(value) {}
  Argument(double value) : real(value) {}

  const void* pointer;
  long long number;
  int integer;
  float single;
  double real;
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
