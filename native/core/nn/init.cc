#include "core/nn/init.h"

#include <cmath>

namespace sparring {

void init_weight_and_bias(at::Tensor& weight, at::Tensor& bias, RandomStream& stream) {
  const at::NoGradGuard no_grad;
  const double fan_in = static_cast<double>(weight[0].numel());
  // In the order of Python's doubles, or the last bit of the bound differs.
  const double slope = std::sqrt(5.0);
  const double gain = std::sqrt(2.0 / (1 + slope * slope));
  const double bound = std::sqrt(3.0) * (gain / std::sqrt(fan_in));
  weight.uniform_(-bound, bound, stream.cpu());
  if (!bias.defined()) return;
  const double bias_bound = 1 / std::sqrt(fan_in);
  bias.uniform_(-bias_bound, bias_bound, stream.cpu());
}

void init_normal(at::Tensor& weight, double mean, RandomStream& stream) {
  const at::NoGradGuard no_grad;
  weight.normal_(mean, 0.02, stream.cpu());
}

}  // namespace sparring
