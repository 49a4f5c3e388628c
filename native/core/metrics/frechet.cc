#include "core/metrics/frechet.h"

#include <algorithm>

namespace sparring {
namespace {

// C^(1/2); rounding can leave eigenvalues below 0 that are none.
at::Tensor square_root(const at::Tensor& covariance) {
  const auto [values, vectors] = at::linalg_eigh(covariance);
  return vectors *
         values.clamp_min(0).sqrt();  // V sqrt(L): the rotation behind it changes no singular value
}

}  // namespace

std::optional<double> FrechetDistance::operator()() {
  const at::NoGradGuard no_grad;
  if (!root_a_.defined()) {
    root_a_ = square_root(a_.covariance);
    return std::nullopt;
  }
  if (!root_b_.defined()) {
    root_b_ = square_root(b_.covariance);
    return std::nullopt;
  }
  return distance();
}

double FrechetDistance::distance() const {
  // The eigenvalues of C1 C2 are the squares of the singular values of C1^(1/2) C2^(1/2). Taken so,
  // what rounding does to those that are 0 stays at 1e-16; a square root of the product, which is
  // not symmetric, would make 1e-8 of it, and complex numbers.
  const double shared = at::linalg_svdvals(root_a_.t().mm(root_b_)).sum().item<double>();
  const double apart = (a_.mean - b_.mean).square().sum().item<double>();
  const double spread = (a_.covariance.trace() + b_.covariance.trace()).item<double>();
  return std::max(apart + spread - 2 * shared, 0.0);
}

double frechet_distance(const Moments& a, const Moments& b) {
  FrechetDistance distance(a, b);
  while (true) {
    if (const auto found = distance()) return *found;
  }
}

}  // namespace sparring
