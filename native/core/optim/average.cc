#include "core/optim/average.h"

#include <algorithm>
#include <cmath>

namespace sparring {

Average::Average(std::shared_ptr<Network> target, const AverageOptions& options)
    : target_(std::move(target)), options_(options) {}

void Average::update(const Network& generator) {
  const at::NoGradGuard no_grad;
  updates_ += 1;
  const double weight = 1 - decay();
  const NamedTensors from = generator.state(), to = target_->state();
  for (size_t i = 0; i < to.size(); ++i) {
    // Running statistics are averages already, and counters are no weights.
    if (from[i].second.requires_grad()) {
      to[i].second.lerp_(from[i].second, weight);
    } else {
      to[i].second.copy_(from[i].second);
    }
  }
}

double Average::decay() const {
  if (options_.decay == 0 || options_.ramp_up == 0) return options_.decay;
  const double half_life = std::log(0.5) / std::log(options_.decay);
  return std::pow(0.5, 1 / std::min(half_life, static_cast<double>(updates_) * options_.ramp_up));
}

}  // namespace sparring
