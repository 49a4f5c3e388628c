// Chen et al. 2016, equation 6: a lower bound of the mutual information between what a fake was
// made from and the fake, as reconstruction by the discriminator's heads; both players raise it.
// Its gradient reaches the generator through the fakes.
#include "core/objectives/auxiliaries/auxiliary.h"

namespace sparring {
namespace {

class Infogan : public Auxiliary {
 public:
  Infogan(double categorical, double continuous)
      : categorical_(categorical), continuous_(continuous) {}

  at::Tensor generator_term(const Answer& fake, const LatentBatch& made) const override {
    at::Tensor total;
    if (categorical_ > 0) total = categorical_ * at::cross_entropy_loss(fake.classes, made.labels);
    if (continuous_ == 0) return total;
    const at::Tensor codes = continuous_ * at::mse_loss(fake.codes, made.codes);
    return total.defined() ? total + codes : codes;
  }
  at::Tensor discriminator_term(const Answer&, const at::Tensor&, const Answer& fake,
                                const LatentBatch& made) const override {
    return generator_term(fake, made);
  }

 private:
  double categorical_, continuous_;
};

}  // namespace

std::unique_ptr<Auxiliary> make_infogan(const Options& options) {
  return std::make_unique<Infogan>(options.number("categorical"), options.number("continuous"));
}

}  // namespace sparring
