// The step of eager.cc by exact rewrites; equal to it to rounding:
// - one pass of reals and fakes together through a discriminator whose samples do not influence
// each other;
// - no gradients of the discriminator's weights in the generator's update, which would be thrown
// away;
// - the networks' own rewrites (plan.h), and the optimizer in one pass over memory.
#include "core/step/execution.h"
#include "core/step/plan.h"

namespace sparring {
namespace {

void update(Adam& optimizer, const at::Tensor& loss) {
  // A player of fixed layers has nothing to learn, and autograd refuses to be asked for nothing.
  if (optimizer.parameters().empty()) return;
  optimizer.step_fused(torch::autograd::grad({loss}, optimizer.parameters()));
}

class Fused : public Execution {
 public:
  explicit Fused(Pair& pair)
      : generator_(pair.generator->body()), discriminator_(pair.discriminator->body()) {}

  Losses step(Pair& pair, const at::Tensor& reals) override {
    const at::Tensor fakes = generator_.forward(pair.draw_latent(reals.size(0)));
    const at::Tensor generator_loss = pair.objective->generator_loss(discriminator_.forward(fakes));
    update(*pair.generator_optimizer, generator_loss);

    const auto [real_scores, fake_scores] = score(reals, fakes.detach());
    const at::Tensor discriminator_loss =
        pair.objective->discriminator_loss(real_scores, fake_scores);
    update(*pair.discriminator_optimizer, discriminator_loss);
    return {generator_loss.detach(), discriminator_loss.detach()};
  }

 private:
  std::pair<at::Tensor, at::Tensor> score(const at::Tensor& reals, const at::Tensor& fakes) const {
    if (discriminator_.couples_samples()) {
      const at::Tensor real_scores = discriminator_.forward(reals);
      return {real_scores, discriminator_.forward(fakes)};
    }
    const at::Tensor scores = discriminator_.forward(at::cat({reals, fakes}));
    return {scores.narrow(0, 0, reals.size(0)), scores.narrow(0, reals.size(0), fakes.size(0))};
  }

  Plan generator_, discriminator_;
};

}  // namespace

std::unique_ptr<Execution> make_fused(Pair& pair) { return std::make_unique<Fused>(pair); }

}  // namespace sparring
