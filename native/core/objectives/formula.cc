// Losses of a user's own: formulas of scores, each a mean over the batch.
#include "core/objectives/objective.h"
#include "core/objectives/program.h"

namespace sparring {
namespace {

class Formula : public Objective {
 public:
  explicit Formula(const Options& options)
      : generator_(options.text("generator")),
        pairs_(options.text("ofPairs")),
        reals_(options.text("ofReals")),
        fakes_(options.text("ofFakes")) {}
  at::Tensor generator_loss(const Scores& s) const override {
    return generator_.of(s.real, s.fake).mean();
  }
  at::Tensor discriminator_loss(const Scores& s) const override {
    if (!pairs_.is_empty()) return pairs_.of(s.real, s.fake).mean();
    return reals_.of(s.real, s.fake).mean() + fakes_.of(s.real, s.fake).mean();
  }
  bool generator_needs_reals() const override { return generator_.has_real(); }
  bool couples() const override {
    return generator_.has_mean() || pairs_.has_mean() || reals_.has_mean() || fakes_.has_mean();
  }
  bool is_pointwise() const override {
    return pairs_.is_empty() && !couples() && !generator_needs_reals();
  }
  Term generator_term(double fake) const override { return generator_.of(fake); }
  Term real_term(double real) const override { return reals_.of(real); }
  Term fake_term(double fake) const override { return fakes_.of(fake); }

 private:
  Program generator_, pairs_, reals_, fakes_;
};

}  // namespace

std::unique_ptr<Objective> make_formula(const Options& options, ScoreKind) {
  return std::make_unique<Formula>(options);
}

}  // namespace sparring
