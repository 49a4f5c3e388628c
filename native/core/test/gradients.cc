#include "core/test/gradients.h"

#include <algorithm>
#include <cmath>

namespace sparring::test {
namespace {

constexpr double kStep = 1e-5;
// Enough of each tensor to see a wrong formula, few enough to be quick.
constexpr int64_t kProbes = 12;

double difference_at(const std::function<at::Tensor()>& loss, const at::Tensor& parameter,
                     int64_t index) {
  double* value = parameter.mutable_data_ptr<double>() + index;
  const double before = *value;
  *value = before + kStep;
  const double above = loss().item<double>();
  *value = before - kStep;
  const double below = loss().item<double>();
  *value = before;
  return (above - below) / (2 * kStep);
}

}  // namespace

double gradient_error(const std::function<at::Tensor()>& loss,
                      const std::vector<at::Tensor>& parameters) {
  const auto gradients = torch::autograd::grad({loss()}, parameters, {}, std::nullopt, false, true);
  double worst = 0, largest = 1e-8;
  for (size_t i = 0; i < parameters.size(); ++i) {
    const at::Tensor gradient =
        gradients[i].defined() ? gradients[i].contiguous() : at::zeros_like(parameters[i]);
    const int64_t stride = std::max<int64_t>(1, gradient.numel() / kProbes);
    for (int64_t index = 0; index < gradient.numel(); index += stride) {
      const double ours = gradient.const_data_ptr<double>()[index];
      const double theirs = difference_at(loss, parameters[i], index);
      worst = std::max(worst, std::abs(ours - theirs));
      largest = std::max({largest, std::abs(ours), std::abs(theirs)});
      if (!std::isfinite(ours) || !std::isfinite(theirs)) return NAN;
    }
  }
  return worst / largest;
}

}  // namespace sparring::test
