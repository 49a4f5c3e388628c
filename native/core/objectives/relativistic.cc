// Jolicoeur-Martineau 2019: is a real more real than a fake? Both players look at both scores.
#include "core/objectives/objective.h"

namespace sparring {
namespace {

// Each real against the fake in its place: RpGAN, the objective of R3GAN (Huang et al. 2024).
class RelativisticPaired : public Objective {
 public:
  at::Tensor generator_loss(const Scores& scores) const override {
    return at::softplus(scores.real - scores.fake).mean();
  }
  at::Tensor discriminator_loss(const Scores& scores) const override {
    return at::softplus(scores.fake - scores.real).mean();
  }
  bool generator_needs_reals() const override { return true; }
};

// Each against the average of the others: RaGAN, with a logistic or a squared (RaLSGAN) distance.
class RelativisticAverage : public Objective {
 public:
  explicit RelativisticAverage(bool squared) : squared_(squared) {}
  at::Tensor generator_loss(const Scores& scores) const override {
    return (distance(scores.real - scores.fake.mean(), false) +
            distance(scores.fake - scores.real.mean(), true)) /
           2;
  }
  at::Tensor discriminator_loss(const Scores& scores) const override {
    return (distance(scores.real - scores.fake.mean(), true) +
            distance(scores.fake - scores.real.mean(), false)) /
           2;
  }
  bool generator_needs_reals() const override { return true; }
  bool couples() const override { return true; }

 private:
  at::Tensor distance(const at::Tensor& difference, bool real) const {
    if (squared_) return squared_error(difference, real ? 1 : -1);
    return binary_cross_entropy(difference, real ? 1 : 0, ScoreKind::kLogit);
  }

  bool squared_;
};

}  // namespace

std::unique_ptr<Objective> make_relativistic_paired(const Options&, ScoreKind) {
  return std::make_unique<RelativisticPaired>();
}

std::unique_ptr<Objective> make_relativistic_average(const Options& options, ScoreKind) {
  return std::make_unique<RelativisticAverage>(options.text("loss") == "leastSquares");
}

}  // namespace sparring
