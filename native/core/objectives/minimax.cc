// Goodfellow et al. 2014, equation 1 and section 3: the discriminator ascends
// log D(x) + log(1 - D(G(z))). In the minimax game the generator descends log(1 - D(G(z))), which
// saturates while the discriminator wins; in the non-saturating one it ascends log D(G(z)).
#include "core/objectives/objective.h"

namespace sparring {
namespace {

class Minimax : public Objective {
 public:
  Minimax(const Options& options, ScoreKind kind)
      : kind_(kind),
        real_label_(1 - options.number("labelSmoothing")),
        divisor_(options.text("discriminatorLoss") == "mean" ? 2 : 1) {}

  at::Tensor generator_loss(const Scores& scores) const override {
    return -binary_cross_entropy(scores.fake, 0, kind_);
  }
  at::Tensor discriminator_loss(const Scores& scores) const override {
    const at::Tensor sum = binary_cross_entropy(scores.real, real_label_, kind_) +
                           binary_cross_entropy(scores.fake, 0, kind_);
    return divisor_ == 1 ? sum : sum / divisor_;
  }
  bool is_pointwise() const override { return true; }
  Term generator_term(double fake) const override {
    const Term term = cross_entropy_term(fake, 0, kind_);
    return {-term.value, -term.slope};
  }
  Term real_term(double real) const override { return part(real, real_label_); }
  Term fake_term(double fake) const override { return part(fake, 0); }

 protected:
  ScoreKind kind_;

 private:
  Term part(double score, double label) const {
    const Term term = cross_entropy_term(score, label, kind_);
    return {term.value / divisor_, term.slope / divisor_};
  }

  double real_label_;  // one-sided label smoothing: Salimans et al. 2016, section 3.4
  // Of the discriminator's two terms: 2 for their mean, which the article's script has, and which
  // slows the discriminator relative to the generator.
  double divisor_;
};

class NonSaturating : public Minimax {
 public:
  using Minimax::Minimax;
  at::Tensor generator_loss(const Scores& scores) const override {
    return binary_cross_entropy(scores.fake, 1, kind_);
  }
  Term generator_term(double fake) const override { return cross_entropy_term(fake, 1, kind_); }
};

}  // namespace

std::unique_ptr<Objective> make_minimax(const Options& options, ScoreKind kind) {
  return std::make_unique<Minimax>(options, kind);
}

std::unique_ptr<Objective> make_non_saturating(const Options& options, ScoreKind kind) {
  return std::make_unique<NonSaturating>(options, kind);
}

}  // namespace sparring
