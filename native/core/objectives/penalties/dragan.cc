// Kodali et al. 2017: the gradient has norm 1 around the reals, within half their spread.
#include "core/objectives/penalties/penalty.h"

namespace sparring {
namespace {

class Dragan : public Penalty {
 public:
  using Penalty::Penalty;
  at::Tensor value(const PenaltyInput& input) const override {
    const at::Tensor reals = input.reals.detach();
    const at::Tensor alpha = one_a_sample(reals, input.generator);
    const at::Tensor noise = at::rand(reals.sizes(), input.generator, reals.options());
    const at::Tensor near = (reals + alpha * (0.5 * reals.std() * noise)).requires_grad_();
    return distance_from_unit_norm(gradient_at(near, input.score(near)));
  }
};

}  // namespace

std::unique_ptr<Penalty> make_dragan(const Options& options) {
  return std::make_unique<Dragan>(options);
}

}  // namespace sparring
