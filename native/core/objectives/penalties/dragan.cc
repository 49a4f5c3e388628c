// Kodali et al. 2017: the gradient has norm 1 around the reals, within half their spread.
#include "core/objectives/penalties/penalty.h"

namespace sparring {
namespace {

class Dragan : public Penalty {
 public:
  using Penalty::Penalty;
  at::Tensor points(const at::Tensor& reals, const at::Tensor&, const Rows& rows) const override {
    const at::Tensor alpha = one_a_sample(reals, rows);
    Shape shape = reals.sizes().vec();
    const at::Tensor noise =
        rows.draw(shape[0],
                  [&](int64_t count, const at::Generator& generator) {
                    shape[0] = count;
                    return at::rand(shape, generator, reals.options().dtype(kDrawn));
                  })
            .to(reals.scalar_type());
    return reals + alpha * (0.5 * rows.deviation(reals) * noise);
  }
  at::Tensor of(const at::Tensor& gradient) const override {
    return distance_from_unit_norm(gradient);
  }
  Term of_square(double square) const override { return distance_from_unit_norm(square); }
};

}  // namespace

std::unique_ptr<Penalty> make_dragan(const Options& options) {
  return std::make_unique<Dragan>(options);
}

}  // namespace sparring
