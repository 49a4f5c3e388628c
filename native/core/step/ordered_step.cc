#include "core/step/ordered_step.h"

namespace sparring {

namespace {

// Both optimizers tell the norms of their gradients for as long as it lives.
class Watching {
 public:
  Watching(const Pair& pair, Watch* watch) : pair_(pair) {
    pair.generator_optimizer->watch(watch ? &watch->generator_gradient : nullptr);
    pair.discriminator_optimizer->watch(watch ? &watch->discriminator_gradient : nullptr);
  }
  ~Watching() {
    pair_.generator_optimizer->watch(nullptr);
    pair_.discriminator_optimizer->watch(nullptr);
  }
  Watching(const Watching&) = delete;
  Watching& operator=(const Watching&) = delete;

 private:
  const Pair& pair_;
};

}  // namespace

Losses OrderedStep::run(const Source& next, Watch* watch) {
  const Watching watching(*pair_, watch);
  watch_ = watch;
  return pair_->order == Order::kGeneratorFirst ? run_generator_first(next)
                                                : run_discriminator_first(next);
}

std::vector<bool> OrderedStep::pattern() const {
  std::vector<bool> due;
  for (int64_t i = 0; i < pair_->discriminator_steps; ++i) {
    for (const auto& penalty : pair_->penalties) {
      due.push_back(penalty->is_due(discriminator_updates_ + i));
    }
  }
  return due;
}

Losses OrderedStep::run_generator_first(const Source& next) {
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

Losses OrderedStep::run_discriminator_first(const Source& next) {
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
at::Tensor OrderedStep::discriminate(const Batch& reals, const Fakes& fakes) {
  if (watch_ != nullptr) {
    // A planned generator makes the next fakes in the same buffer.
    watch_->reals = reals.images;
    watch_->fakes = fakes.images.detach().clone();
  }
  const at::Tensor loss = update_discriminator(reals, fakes);
  clip_weights();
  discriminator_updates_ += 1;
  return loss;
}

std::vector<const Penalty*> OrderedStep::due_penalties() const {
  std::vector<const Penalty*> due;
  for (const auto& penalty : pair_->penalties) {
    if (penalty->is_due(discriminator_updates_)) due.push_back(penalty.get());
  }
  return due;
}

void OrderedStep::clip_weights() const {
  const double limit = pair_->objective->weight_clip();
  if (limit == 0) return;
  const at::NoGradGuard no_grad;
  for (const at::Tensor& parameter : pair_->discriminator_optimizer->parameters()) {
    parameter.clamp_(-limit, limit);
  }
}

}  // namespace sparring
