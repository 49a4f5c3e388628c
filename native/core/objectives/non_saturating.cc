// Goodfellow et al. 2014, section 3: the discriminator ascends log D(x) + log(1 - D(G(z))), and the
// generator ascends log D(G(z)) instead of descending log(1 - D(G(z))), which saturates early on.
#include "core/objectives/objective.h"

namespace sparring {
namespace {

class NonSaturating : public Objective {
 public:
  explicit NonSaturating(Scores scores) : scores_(scores) {}
  at::Tensor generator_loss(const at::Tensor& fake) const override {
    return binary_cross_entropy(fake, 1, scores_);
  }
  // Halved, as the article's script does: it slows the discriminator relative to the generator.
  at::Tensor discriminator_loss(const at::Tensor& real, const at::Tensor& fake) const override {
    return (binary_cross_entropy(real, 1, scores_) + binary_cross_entropy(fake, 0, scores_)) / 2;
  }

 private:
  Scores scores_;
};

}  // namespace

std::unique_ptr<Objective> make_non_saturating(Scores scores) {
  return std::make_unique<NonSaturating>(scores);
}

}  // namespace sparring
