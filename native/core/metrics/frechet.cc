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

double frechet_distance(const Moments& a, const Moments& b) {
  const at::NoGradGuard no_grad;
  // The eigenvalues of C1 C2 are the squares of the singular values of C1^(1/2) C2^(1/2). Taken so,
  // what rounding does to those that are 0 stays at 1e-16; a square root of the product, which is
  // not symmetric, would make 1e-8 of it, and complex numbers.
  const at::Tensor product = square_root(a.covariance).t().mm(square_root(b.covariance));
  const double shared = at::linalg_svdvals(product).sum().item<double>();
  const double apart = (a.mean - b.mean).square().sum().item<double>();
  const double spread = (a.covariance.trace() + b.covariance.trace()).item<double>();
  return std::max(apart + spread - 2 * shared, 0.0);
}

}  // namespace sparring
