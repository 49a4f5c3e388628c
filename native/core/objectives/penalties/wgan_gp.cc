// Gulrajani et al. 2017, algorithm 1: the gradient has norm 1 on lines between reals and fakes.
#include "core/objectives/penalties/penalty.h"

namespace sparring {
namespace {

class WganGp : public Penalty {
 public:
  using Penalty::Penalty;
  Place place() const override { return Place::kBetween; }
  at::Tensor share_of_reals(const at::Tensor& reals, const Rows& rows) const override {
    return one_a_sample(reals, rows);
  }
  at::Tensor points(const at::Tensor& reals, const at::Tensor& fakes,
                    const Rows& rows) const override {
    const at::Tensor alpha = share_of_reals(reals, rows);
    return alpha * reals + (1 - alpha) * fakes;
  }
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
