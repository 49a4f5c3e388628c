// Lim and Ye 2017; Tran et al. 2017; used by SNGAN and SAGAN: the discriminator stops caring about
// a sample that it scores beyond the margin of 1.
#include "core/objectives/objective.h"

namespace sparring {
namespace {

class Hinge : public Objective {
 public:
  at::Tensor generator_loss(const Scores& scores) const override { return -scores.fake.mean(); }
  at::Tensor discriminator_loss(const Scores& scores) const override {
    return at::relu(1 - scores.real).mean() + at::relu(1 + scores.fake).mean();
  }
  bool is_pointwise() const override { return true; }
  Term generator_term(double fake) const override { return {-fake, -1}; }
  // NaN is beyond no margin, and stays NaN.
  Term real_term(double real) const override { return real >= 1 ? Term{} : Term{1 - real, -1}; }
  Term fake_term(double fake) const override { return fake <= -1 ? Term{} : Term{1 + fake, 1}; }
};

}  // namespace

std::unique_ptr<Objective> make_hinge(const Options&, ScoreKind) {
  return std::make_unique<Hinge>();
}

}  // namespace sparring
