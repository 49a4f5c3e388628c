// The article's loop as its PyTorch script runs it: generator first, then the discriminator on the
// same fakes, detached. Nothing is saved here on purpose: this is the yardstick, bit for bit.
#include "core/step/execution.h"

namespace sparring {
namespace {

void zero_grad(const Adam& optimizer) {
  for (const at::Tensor& parameter : optimizer.parameters()) parameter.mutable_grad().reset();
}

void step(Adam& optimizer) {
  std::vector<at::Tensor> gradients;
  for (const at::Tensor& parameter : optimizer.parameters()) gradients.push_back(parameter.grad());
  optimizer.step_exact(gradients);
}

class Eager : public Execution {
 public:
  Losses step(Pair& pair, const at::Tensor& reals) override {
    Sequential& discriminator = pair.discriminator->body();

    zero_grad(*pair.generator_optimizer);
    const at::Tensor fakes = pair.generator->body().forward(pair.draw_latent(reals.size(0)));
    const at::Tensor generator_loss = pair.objective->generator_loss(discriminator.forward(fakes));
    generator_loss.backward();
    sparring::step(*pair.generator_optimizer);

    zero_grad(*pair.discriminator_optimizer);
    const at::Tensor real_scores = discriminator.forward(reals);
    const at::Tensor fake_scores = discriminator.forward(fakes.detach());
    const at::Tensor discriminator_loss =
        pair.objective->discriminator_loss(real_scores, fake_scores);
    discriminator_loss.backward();
    sparring::step(*pair.discriminator_optimizer);

    return {generator_loss.detach(), discriminator_loss.detach()};
  }
};

}  // namespace

at::Tensor Pair::draw_latent(int64_t count) const {
  const auto options = at::TensorOptions(generator->device()).dtype(generator->precision());
  return sparring::draw_latent(latent, count, options, *stream);
}

std::unique_ptr<Execution> make_eager() { return std::make_unique<Eager>(); }

}  // namespace sparring
