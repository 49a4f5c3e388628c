// Mescheder et al. 2018, equation 9: half the mean squared norm of the gradient at the reals (R1)
// or at the fakes (R2). With one of them training converges locally.
#include "core/objectives/penalties/penalty.h"

namespace sparring {
namespace {

at::Tensor half_squared_norm(const at::Tensor& gradient) {
  return gradient.flatten(1).square().sum(1).mean() / 2;
}

class R1 : public Penalty {
 public:
  using Penalty::Penalty;
  at::Tensor value(const PenaltyInput& input) const override {
    return half_squared_norm(gradient_at(input.reals, input.real_scores));
  }
  bool at_reals() const override { return true; }
};

class R2 : public Penalty {
 public:
  using Penalty::Penalty;
  at::Tensor value(const PenaltyInput& input) const override {
    return half_squared_norm(gradient_at(input.fakes, input.fake_scores));
  }
  bool at_fakes() const override { return true; }
};

}  // namespace

std::unique_ptr<Penalty> make_r1(const Options& options) { return std::make_unique<R1>(options); }
std::unique_ptr<Penalty> make_r2(const Options& options) { return std::make_unique<R2>(options); }

}  // namespace sparring
