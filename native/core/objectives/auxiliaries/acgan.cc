// Odena et al. 2017: the discriminator also names the class, of reals and of fakes, and both
// players want it named rightly.
#include "core/objectives/auxiliaries/auxiliary.h"

namespace sparring {
namespace {

class Acgan : public Auxiliary {
 public:
  explicit Acgan(double weight) : weight_(weight) {}
  at::Tensor generator_term(const Answer& fake, const LatentBatch& made) const override {
    return weight_ * at::cross_entropy_loss(fake.classes, made.labels);
  }
  at::Tensor discriminator_term(const Answer& real, const at::Tensor& real_labels,
                                const Answer& fake, const LatentBatch& made) const override {
    return weight_ * ((at::cross_entropy_loss(real.classes, real_labels) +
                       at::cross_entropy_loss(fake.classes, made.labels)) /
                      2);
  }

 private:
  double weight_;
};

}  // namespace

std::unique_ptr<Auxiliary> make_acgan(const Options& options) {
  return std::make_unique<Acgan>(options.number("weight"));
}

}  // namespace sparring
