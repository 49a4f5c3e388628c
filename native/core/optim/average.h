// The exponential moving average of a generator's weights: smoother samples than the last weights
// give (Yazıcı et al. 2019).
#pragma once

#include <memory>

#include "core/nn/network.h"
#include "core/optim/optimizer.h"

namespace sparring {

struct AverageOptions {
  double decay = 0.999;
  // The half-life is at most this share of the updates done (StyleGAN2), so that the average is not
  // held back by the first weights; 0 gives the full decay at once.
  double ramp_up = 0.05;
};

class Average {
 public:
  // `target` holds the average; it starts as a copy of the generator.
  Average(std::shared_ptr<Network> target, const AverageOptions& options);
  // Around an update of the generator: its optimizer may move the average of the weights meanwhile,
  // if it leads what follows(). What it left, and the statistics, end() does.
  void begin();
  void end(const Network& generator);
  Following* follows() { return &following_; }
  const Network& network() const { return *target_; }
  Network& network() { return *target_; }
  // Decides how fast it forgets the first weights.
  int64_t updates() const { return updates_; }
  void set_updates(int64_t updates) { updates_ = updates; }

 private:
  // The decay of the update with that number, the first being 1.
  double decay(int64_t update) const;

  std::shared_ptr<Network> target_;
  AverageOptions options_;
  Following following_;
  int64_t updates_ = 0;
};

}  // namespace sparring
