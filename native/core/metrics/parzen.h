// The log-likelihood of points under a Parzen window: a Gaussian of one width around each sample,
// all of them with the same weight (Breuleux et al. 2011, as Goodfellow et al. 2014 use it).
#pragma once

#include <optional>
#include <vector>

#include "core/data/dataset.h"

namespace sparring {

class ParzenWindow {
 public:
  // Over the points, in nats.
  struct Estimate {
    double mean;
    double standard_error;  // the deviation (of n, not of n - 1) over the root of n, as in 2014
  };

  // samples [N, d] and points [M, d] on the CPU, finite; one estimate for each of the widths.
  ParzenWindow(const at::Tensor& samples, at::Tensor points, std::vector<double> sigmas);

  // Takes some more of the points, about a tenth of a second's work. False once there are none.
  bool advance();
  // When all are done.
  std::vector<Estimate> estimates() const;

 private:
  int64_t block_size() const;

  // float64: the difference of two large squares would lose in float32 what sigma magnifies.
  at::Tensor centre_, samples_, squares_;   // [d], [N, d], [N]
  at::Tensor points_, distances_, powers_;  // [M, d], and [block, N] twice
  std::vector<double> sigmas_;
  at::Tensor likelihoods_;  // [sigmas, M]
  int64_t done_ = 0;
};

// What is asked of a Parzen window.
struct ParzenTask {
  at::Tensor samples, validation, test;  // float rows [., d]; validation may be undefined
  Range range;                           // of the samples, which are brought to [0, 1]
  std::vector<double> sigmas;            // one of them where there is no validation
  bool clip = false;                     // cuts samples off at the range, as pictures are
};

struct ParzenAnswer {
  std::vector<ParzenWindow::Estimate> tried;  // on the validation points, of each sigma
  size_t best = 0;                            // which sigma was the likeliest there
  ParzenWindow::Estimate test{};              // of that one
};

// Chooses the width by the validation points and measures the test points with it: two windows, one
// after the other, some points a call.
class ParzenSearch {
 public:
  explicit ParzenSearch(ParzenTask task) : task_(std::move(task)) {}
  std::optional<ParzenAnswer> operator()();  // after the last points

 private:
  void start();
  void choose(std::vector<ParzenWindow::Estimate> tried);

  ParzenTask task_;
  at::Tensor pixels_;
  std::optional<ParzenWindow> window_;
  ParzenAnswer answer_;
};

}  // namespace sparring
