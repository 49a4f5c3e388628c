// The kernel distance of Bińkowski et al. 2018 (KID): the squared maximum mean discrepancy, without
// bias.
#pragma once

#include <optional>
#include <vector>

#include "core/random.h"
#include "core/torch.h"

namespace sparring {

struct KernelOptions {
  int64_t subsets, subset_size;
  double degree, gamma, offset;  // k(x, y) = (gamma x'y + offset)^degree
  uint64_t seed;
};

// The estimate of one pair of sets of equal size m: what a row has with itself is left out, which
// is what makes it unbiased.
double kernel_distance(const at::Tensor& real, const at::Tensor& generated,
                       const KernelOptions& options);  // [m, D] each

// The estimates of subsets drawn without replacement, one a call, for a step to have its turn in
// between.
class KernelDistances {
 public:
  KernelDistances(at::Tensor real, at::Tensor generated, const KernelOptions& options);
  std::optional<at::Tensor> operator()();  // [subsets], after the last

 private:
  at::Tensor draw(const at::Tensor& rows);

  at::Tensor real_, generated_;
  KernelOptions options_;
  RandomStream stream_;
  std::vector<double> values_;
};

}  // namespace sparring
