// Gulrajani et al. 2017, algorithm 1: the gradient has norm 1 on lines between reals and fakes.
#include "core/objectives/penalties/penalty.h"

namespace sparring {
namespace {

class WganGp : public PenaltyBetween {
 public:
  using PenaltyBetween::PenaltyBetween;
  at::Tensor of(const at::Tensor& gradient) const override {
    return distance_from_unit_norm(gradient);
  }
  Term of_square(double square) const override { return distance_from_unit_norm(square); }
};

}  // namespace

std::unique_ptr<Penalty> make_wgan_gp(const Options& options) {
  return std::make_unique<WganGp>(options);
}

}  // namespace sparring
