// Kodali et al. 2017: the gradient has norm 1 around the reals, within half their spread.
#include "core/objectives/penalties/penalty.h"

namespace sparring {
namespace {

class Dragan : public Penalty {
 public:
  using Penalty::Penalty;
  at::Tensor points(const at::Tensor& reals, const at::Tensor&,
                    at::Generator generator) const override {
    const at::Tensor alpha = one_a_sample(reals, generator);
    const at::Tensor noise = at::rand(reals.sizes(), generator, reals.options());
    return reals + alpha * (0.5 * reals.std() * noise);
  }
  at::Tensor of(const at::Tensor& gradient) const override {
    return distance_from_unit_norm(gradient);
  }
};

}  // namespace

std::unique_ptr<Penalty> make_dragan(const Options& options) {
  return std::make_unique<Dragan>(options);
}

}  // namespace sparring
