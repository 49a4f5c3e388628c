// Gulrajani et al. 2017, algorithm 1: the gradient has norm 1 on lines between reals and fakes.
#include "core/objectives/penalties/penalty.h"

namespace sparring {
namespace {

class WganGp : public Penalty {
 public:
  using Penalty::Penalty;
  at::Tensor value(const PenaltyInput& input) const override {
    const at::Tensor alpha = one_a_sample(input.reals, input.generator);
    const at::Tensor between =
        (alpha * input.reals.detach() + (1 - alpha) * input.fakes.detach()).requires_grad_();
    return distance_from_unit_norm(gradient_at(between, input.score(between)));
  }
};

}  // namespace

std::unique_ptr<Penalty> make_wgan_gp(const Options& options) {
  return std::make_unique<WganGp>(options);
}

}  // namespace sparring
