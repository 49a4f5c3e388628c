#include "core/objectives/penalties/penalty.h"

#include <cmath>

#include "core/table.h"

namespace sparring {

at::Tensor Penalty::points(const at::Tensor& reals, const at::Tensor& fakes, const Rows&) const {
  return where() == Where::kFakes ? fakes : reals;
}

at::Tensor Penalty::value(const PenaltyInput& input) const {
  if (where() == Where::kReals) return of(gradient_at(input.reals, input.real_scores));
  if (where() == Where::kFakes) return of(gradient_at(input.fakes, input.fake_scores));
  const at::Tensor drawn =
      points(input.reals.detach(), input.fakes.detach(), input.rows).requires_grad_();
  return of(gradient_at(drawn, input.score(drawn)));
}

at::Tensor PenaltyBetween::share_of_reals(const at::Tensor& reals, const Rows& rows) const {
  return one_a_sample(reals, rows);
}

at::Tensor PenaltyBetween::points(const at::Tensor& reals, const at::Tensor& fakes,
                                  const Rows& rows) const {
  const at::Tensor alpha = share_of_reals(reals, rows);
  return alpha * reals + (1 - alpha) * fakes;
}

at::Tensor gradient_at(const at::Tensor& points, const at::Tensor& scores) {
  return torch::autograd::grad({scores}, {points}, {at::ones_like(scores)}, /*retain_graph=*/true,
                               /*create_graph=*/true)[0];
}

at::Tensor distance_from_unit_norm(const at::Tensor& gradient) {
  // Over each sample's values, not over the batch: the mistake that others make.
  const at::Tensor norms = at::linalg_vector_norm(gradient.flatten(1), 2, at::IntArrayRef{1});
  return (norms - 1).square().mean();
}

Term distance_from_unit_norm(double square) {
  const double norm = std::sqrt(square);
  // At 0 the norm has no derivative, and torch's is 0.
  return {(norm - 1) * (norm - 1), square == 0 ? 0 : (norm - 1) / norm};
}

at::Tensor one_a_sample(const at::Tensor& like, const Rows& rows) {
  Shape shape(like.dim(), 1);
  const at::TensorOptions options = like.options().requires_grad(false);
  return rows
      .draw(like.size(0),
            [&](int64_t count, const at::Generator& generator) {
              shape[0] = count;
              return at::rand(shape, generator, options.dtype(kDrawn));
            })
      .to(options);
}

// The table of penalties: a new one costs its file and a row here.
std::unique_ptr<Penalty> make_penalty(const Choice& choice) {
  static const std::map<std::string, PenaltyBuilder> table = {{"dragan", make_dragan},
                                                              {"r1", make_r1},
                                                              {"r2", make_r2},
                                                              {"wganDiv", make_wgan_div},
                                                              {"wganGp", make_wgan_gp}};
  return row(table, choice.type, "penalty")(choice.options);
}

}  // namespace sparring
