// Mao et al. 2017, equation 2 with a = 0 and b = c = 1: distances from the labels instead of their
// logarithms, so that samples far from the boundary keep a gradient.
#include "core/objectives/objective.h"

namespace sparring {
namespace {

class LeastSquares : public Objective {
 public:
  explicit LeastSquares(double real_label) : real_label_(real_label) {}
  at::Tensor generator_loss(const Scores& scores) const override {
    return squared_error(scores.fake, 1) / 2;
  }
  at::Tensor discriminator_loss(const Scores& scores) const override {
    return (squared_error(scores.real, real_label_) + squared_error(scores.fake, 0)) / 2;
  }
  bool is_pointwise() const override { return true; }
  Term generator_term(double fake) const override { return half_square(fake - 1); }
  Term real_term(double real) const override { return half_square(real - real_label_); }
  Term fake_term(double fake) const override { return half_square(fake); }

 private:
  static Term half_square(double distance) { return {distance * distance / 2, distance}; }

  double real_label_;
};

}  // namespace

std::unique_ptr<Objective> make_least_squares(const Options& options, ScoreKind) {
  return std::make_unique<LeastSquares>(1 - options.number("labelSmoothing"));
}

}  // namespace sparring
