// Hjelm et al. 2018, Boundary-Seeking GANs, for continuous data: the generator seeks samples of
// which the discriminator cannot tell what they are. Its log D - log(1 - D) is the logit.
#include "core/objectives/objective.h"

namespace sparring {
namespace {

class BoundarySeeking : public Objective {
 public:
  explicit BoundarySeeking(std::unique_ptr<Objective> discriminators)
      : discriminators_(std::move(discriminators)) {}
  at::Tensor generator_loss(const Scores& scores) const override {
    return squared_error(scores.fake, 0) / 2;
  }
  at::Tensor discriminator_loss(const Scores& scores) const override {
    return discriminators_->discriminator_loss(scores);
  }
  bool is_pointwise() const override { return true; }
  Term generator_term(double fake) const override { return {fake * fake / 2, fake}; }
  Term real_term(double real) const override { return discriminators_->real_term(real); }
  Term fake_term(double fake) const override { return discriminators_->fake_term(fake); }

 private:
  std::unique_ptr<Objective> discriminators_;  // the discriminator's half of the 2014 paper's
};

}  // namespace

std::unique_ptr<Objective> make_boundary_seeking(const Options& options, ScoreKind kind) {
  return std::make_unique<BoundarySeeking>(make_minimax(options, kind));
}

}  // namespace sparring
