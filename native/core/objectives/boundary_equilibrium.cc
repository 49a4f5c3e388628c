// Berthelot, Schumm, Metz 2017: reals are to be reconstructed well and fakes badly, the latter with
// a weight k that proportional control moves until the errors have the ratio gamma.
#include "core/objectives/objective.h"

namespace sparring {
namespace {

class BoundaryEquilibrium : public Objective {
 public:
  BoundaryEquilibrium(double gamma, double lambda)
      : gamma_(gamma), lambda_(lambda), k_(at::zeros({}, at::kDouble)) {}

  at::Tensor generator_loss(const Scores& scores) const override { return scores.fake.mean(); }
  at::Tensor discriminator_loss(const Scores& scores) const override {
    return scores.real.mean() - k_.to(scores.fake.scalar_type()) * scores.fake.mean();
  }
  bool reals_score_low() const override { return true; }

  NamedTensors state() const override { return {{"k", k_}}; }
  void move_to(const at::Device& device) override { k_ = k_.to(device); }
  at::Tensor observed(const Scores& scores) const override {
    return at::stack({scores.real.mean(), scores.fake.mean()});
  }
  // In float64, as a script has it that keeps k in a number of Python's.
  void go_on(const at::Tensor& observed) override {
    k_.add_(imbalance(observed[0], observed[1]).to(at::kDouble) * lambda_).clamp_(0, 1);
  }
  std::optional<Equilibrium> equilibrium(const at::Tensor& real,
                                         const at::Tensor& fake) const override {
    return Equilibrium{real + imbalance(real, fake).abs(), k_};
  }

 private:
  at::Tensor imbalance(const at::Tensor& real, const at::Tensor& fake) const {
    return gamma_ * real - fake;
  }

  double gamma_, lambda_;
  at::Tensor k_;  // 0-dim, float64, in [0, 1]
};

}  // namespace

std::unique_ptr<Objective> make_boundary_equilibrium(const Options& options, ScoreKind) {
  return std::make_unique<BoundaryEquilibrium>(options.number("gamma"), options.number("lambda"));
}

}  // namespace sparring
