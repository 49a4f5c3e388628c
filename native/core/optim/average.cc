#include "core/optim/average.h"

#include <algorithm>
#include <cmath>

namespace sparring {

Average::Average(std::shared_ptr<Network> target, const AverageOptions& options)
    : target_(std::move(target)), options_(options) {
  following_.averages = target_->parameters();
  if (target_->device().is_cpu()) return;
  following_.weight_there = at::zeros({}, at::TensorOptions(target_->device()).dtype(at::kDouble));
}

void Average::begin() {
  const double weight = 1 - decay(updates_ + 1);
  // After the ramp it stays, and a launch is saved.
  if (following_.weight_there.defined() && weight != following_.weight) {
    following_.weight_there.fill_(weight);
  }
  following_.weight = weight;
  following_.is_done = false;
}

void Average::end(const Network& generator) {
  const at::NoGradGuard no_grad;
  updates_ += 1;
  std::vector<at::Tensor> weights, means, others, copies;
  const NamedTensors from = generator.state(), to = target_->state();
  for (size_t i = 0; i < to.size(); ++i) {
    // Running statistics are averages already, and counters are no weights. Of the target: a frozen
    // weight requires no gradient within a step.
    const bool learns = to[i].second.requires_grad();
    (learns ? weights : others).push_back(from[i].second);
    (learns ? means : copies).push_back(to[i].second);
  }
  if (!weights.empty() && !following_.is_done) {
    at::_foreach_lerp_(means, weights, following_.weight);
  }
  if (!others.empty()) at::_foreach_copy_(copies, others);
}

double Average::decay(int64_t update) const {
  if (options_.decay == 0 || options_.ramp_up == 0) return options_.decay;
  const double half_life = std::log(0.5) / std::log(options_.decay);
  return std::pow(0.5, 1 / std::min(half_life, static_cast<double>(update) * options_.ramp_up));
}

}  // namespace sparring
