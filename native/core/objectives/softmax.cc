// Lin 2017, Softmax GAN: a softmax of -D over all samples of a batch, reals and fakes, tells how
// the discriminator shares out one unit of belief: to the reals alone, if it has its way, and to
// all alike, if the generator has its.
#include "core/objectives/objective.h"

namespace sparring {
namespace {

// The logarithm of the partition function, without the overflow of its terms.
at::Tensor log_partition(const at::Tensor& all) { return at::logsumexp(-all, 0); }

at::Tensor all_of(const Scores& scores) {
  return at::cat({scores.real.flatten(), scores.fake.flatten()});
}

class Softmax : public Objective {
 public:
  at::Tensor generator_loss(const Scores& scores) const override {
    const at::Tensor all = all_of(scores);
    return all.mean() + log_partition(all);
  }
  at::Tensor discriminator_loss(const Scores& scores) const override {
    return scores.real.mean() + log_partition(all_of(scores));
  }
  bool generator_needs_reals() const override { return true; }
  bool couples() const override { return true; }
  bool reals_score_low() const override { return true; }
};

}  // namespace

std::unique_ptr<Objective> make_softmax(const Options&, ScoreKind) {
  return std::make_unique<Softmax>();
}

}  // namespace sparring
