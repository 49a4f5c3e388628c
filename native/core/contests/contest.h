// One call of ours beside libtorch's for the same values: what the rules of the rewrites rest on,
// and what the page on performance says of single kernels. On the CPU, timed in turn, as the speed
// of a machine drifts.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/torch.h"

namespace sparring {

struct Contest {
  using Values = std::vector<at::Tensor>;
  using Call = std::function<Values(const Values&)>;

  std::string group, name;
  double flops;  // by the definition; two for a multiplication with its addition
  std::function<Values()> draw;
  Call ours, theirs;
};

// Of each group those that this processor and libtorch can hold, with so many images or rows.
std::vector<Contest> product_contests(int64_t batch);
std::vector<Contest> convolution_contests(int64_t batch);
std::vector<Contest> second_derivative_contests(int64_t batch);
std::vector<Contest> bfloat16_contests(int64_t batch);
// All of them.
std::vector<Contest> contests(int64_t batch);

struct Outcome {
  std::vector<double> ours, theirs;  // seconds a call, a number for each turn
  // Of what they make against float64: root mean squares, relative to that of the values.
  double our_error, their_error;
};

// Each has so many turns, of at least so many seconds.
Outcome hold(const Contest& contest, int64_t turns, double seconds);

}  // namespace sparring
