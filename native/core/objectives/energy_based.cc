// Zhao, Mathieu, LeCun 2017, equations 1 and 2: the discriminator is an energy, low for reals, and
// pushes that of fakes up to a margin, beyond which it leaves them alone.
#include "core/objectives/objective.h"

namespace sparring {
namespace {

class EnergyBased : public Objective {
 public:
  explicit EnergyBased(double margin) : margin_(margin) {}
  at::Tensor generator_loss(const Scores& scores) const override { return scores.fake.mean(); }
  at::Tensor discriminator_loss(const Scores& scores) const override {
    return scores.real.mean() + at::relu(margin_ - scores.fake).mean();
  }
  bool reals_score_low() const override { return true; }
  bool is_pointwise() const override { return true; }
  Term generator_term(double fake) const override { return {fake, 1}; }
  Term real_term(double real) const override { return {real, 1}; }
  Term fake_term(double fake) const override {
    return fake >= margin_ ? Term{} : Term{margin_ - fake, -1};  // NaN stays NaN
  }

 private:
  double margin_;
};

}  // namespace

std::unique_ptr<Objective> make_energy_based(const Options& options, ScoreKind) {
  return std::make_unique<EnergyBased>(options.number("margin"));
}

}  // namespace sparring
