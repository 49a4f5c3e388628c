// Mescheder et al. 2018, equation 9: half the mean squared norm of the gradient at the reals (R1)
// or at the fakes (R2). With one of them training converges locally.
#include "core/objectives/penalties/penalty.h"

namespace sparring {
namespace {

class ZeroCentred : public Penalty {
 public:
  ZeroCentred(const Options& options, Where where) : Penalty(options), where_(where) {}
  Where where() const override { return where_; }
  at::Tensor of(const at::Tensor& gradient) const override {
    return gradient.flatten(1).square().sum(1).mean() / 2;
  }
  Term of_square(double square) const override { return {square / 2, 0.5}; }

 private:
  Where where_;
};

}  // namespace

std::unique_ptr<Penalty> make_r1(const Options& options) {
  return std::make_unique<ZeroCentred>(options, Penalty::Where::kReals);
}
std::unique_ptr<Penalty> make_r2(const Options& options) {
  return std::make_unique<ZeroCentred>(options, Penalty::Where::kFakes);
}

}  // namespace sparring
