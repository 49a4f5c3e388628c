// Arjovsky et al. 2017: the critic estimates the Wasserstein distance, for which it has to be
// Lipschitz: by clipping its weights here, or by a penalty on its gradient.
#include "core/objectives/objective.h"

namespace sparring {
namespace {

class Wasserstein : public Objective {
 public:
  explicit Wasserstein(double weight_clip) : weight_clip_(weight_clip) {}
  at::Tensor generator_loss(const Scores& scores) const override { return -scores.fake.mean(); }
  at::Tensor discriminator_loss(const Scores& scores) const override {
    return scores.fake.mean() - scores.real.mean();
  }
  bool is_pointwise() const override { return true; }
  Term generator_term(double fake) const override { return {-fake, -1}; }
  Term real_term(double real) const override { return {-real, -1}; }
  Term fake_term(double fake) const override { return {fake, 1}; }
  double weight_clip() const override { return weight_clip_; }

 private:
  double weight_clip_;
};

}  // namespace

std::unique_ptr<Objective> make_wasserstein(const Options& options, ScoreKind) {
  return std::make_unique<Wasserstein>(options.number("weightClip"));
}

}  // namespace sparring
