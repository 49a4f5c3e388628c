#include "core/step/step.h"

#include "core/step/autograd_step.h"
#include "core/step/dense/dense_step.h"
#include "core/step/execution.h"

namespace sparring {

LatentBatch Pair::draw_latent(int64_t count) const {
  const auto options = at::TensorOptions(generator->device()).dtype(generator->precision());
  return sparring::draw_latent(latent, count, options, *stream);
}

Losses Step::run(const Source& next) {
  const Losses losses = pair_->order == Order::kGeneratorFirst ? run_generator_first(next)
                                                               : run_discriminator_first(next);
  if (pair_->average) pair_->average->update(*pair_->generator);
  return losses;
}

Losses Step::run_generator_first(const Source& next) {
  const Batch reals = next();
  const Fakes fakes = generate(reals.images.size(0), /*for_update=*/true);
  const at::Tensor generator_loss = update_generator(fakes, reals);
  at::Tensor discriminator_loss = discriminate(reals, fakes);
  for (int64_t i = 1; i < pair_->discriminator_steps; ++i) {
    const Batch more = next();
    const Fakes fresh = generate(more.images.size(0), /*for_update=*/false);
    discriminator_loss = discriminator_loss + discriminate(more, fresh);
  }
  return {generator_loss, discriminator_loss / pair_->discriminator_steps};
}

Losses Step::run_discriminator_first(const Source& next) {
  Batch reals;
  at::Tensor discriminator_loss;
  for (int64_t i = 0; i < pair_->discriminator_steps; ++i) {
    reals = next();
    const Fakes fakes = generate(reals.images.size(0), /*for_update=*/false);
    const at::Tensor loss = discriminate(reals, fakes);
    discriminator_loss = i == 0 ? loss : discriminator_loss + loss;
  }
  const Fakes fakes = generate(reals.images.size(0), /*for_update=*/true);
  const at::Tensor generator_loss = update_generator(fakes, reals);
  return {generator_loss, discriminator_loss / pair_->discriminator_steps};
}

// Every update of the discriminator, and what comes after each.
at::Tensor Step::discriminate(const Batch& reals, const Fakes& fakes) {
  const at::Tensor loss = update_discriminator(reals, fakes);
  clip_weights();
  discriminator_updates_ += 1;
  return loss;
}

std::vector<const Penalty*> Step::due_penalties() const {
  std::vector<const Penalty*> due;
  for (const auto& penalty : pair_->penalties) {
    if (penalty->is_due(discriminator_updates_)) due.push_back(penalty.get());
  }
  return due;
}

void Step::clip_weights() const {
  const double limit = pair_->objective->weight_clip();
  if (limit == 0) return;
  const at::NoGradGuard no_grad;
  for (const at::Tensor& parameter : pair_->discriminator_optimizer->parameters()) {
    parameter.clamp_(-limit, limit);
  }
}

std::unique_ptr<Step> make_eager_step(std::shared_ptr<const Pair> pair) {
  return std::make_unique<AutogradStep>(pair, make_eager(*pair));
}

std::unique_ptr<Step> make_fused_step(std::shared_ptr<const Pair> pair) {
  if (auto step = DenseStep::plan(pair)) return step;
  return std::make_unique<AutogradStep>(pair, make_fused(*pair));
}

}  // namespace sparring
