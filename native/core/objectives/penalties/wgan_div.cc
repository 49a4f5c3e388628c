// Wu et al. 2018, Wasserstein Divergence for GANs: a power of the gradient's norm on lines between
// reals and fakes, of which nothing is asked but that it be small.
#include <cmath>

#include "core/objectives/penalties/penalty.h"

namespace sparring {
namespace {

class WganDiv : public PenaltyBetween {
 public:
  explicit WganDiv(const Options& options)
      : PenaltyBetween(options), half_power_(options.number("power") / 2) {}
  at::Tensor of(const at::Tensor& gradient) const override {
    return gradient.flatten(1).square().sum(1).pow(half_power_).mean();
  }
  Term of_square(double square) const override {
    return {std::pow(square, half_power_), half_power_ * std::pow(square, half_power_ - 1)};
  }

 private:
  double half_power_;  // at least 1: below, there is no derivative at 0
};

}  // namespace

std::unique_ptr<Penalty> make_wgan_div(const Options& options) {
  return std::make_unique<WganDiv>(options);
}

}  // namespace sparring
