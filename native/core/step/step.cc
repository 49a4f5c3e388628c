#include "core/step/step.h"

namespace sparring {
namespace {

at::Tensor augmented(const Pair& pair, at::Tensor images) {
  for (const Augmentation augment : pair.augmentations) {
    images = augment(images, pair.stream->on(images.device()));
  }
  return images;
}

std::vector<const Penalty*> due_penalties(const Pair& pair, int64_t update) {
  std::vector<const Penalty*> due;
  for (const auto& penalty : pair.penalties) {
    if (penalty->is_due(update)) due.push_back(penalty.get());
  }
  return due;
}

}  // namespace

LatentBatch Pair::draw_latent(int64_t count) const {
  const auto options = at::TensorOptions(generator->device()).dtype(generator->precision());
  return sparring::draw_latent(latent, count, options, *stream);
}

Step::Step(std::shared_ptr<const Pair> pair, std::unique_ptr<Execution> execution)
    : pair_(std::move(pair)), execution_(std::move(execution)) {}

Losses Step::run(const Source& next) {
  const Losses losses = pair_->order == Order::kGeneratorFirst ? run_generator_first(next)
                                                               : run_discriminator_first(next);
  if (pair_->average) pair_->average->update(*pair_->generator);
  return losses;
}

Losses Step::run_generator_first(const Source& next) {
  const Batch reals = next();
  const Fakes fakes = generate(reals.images.size(0), /*graph=*/true);
  const at::Tensor generator_loss = update_generator(fakes, reals);
  at::Tensor discriminator_loss = update_discriminator(reals, fakes);
  for (int64_t i = 1; i < pair_->discriminator_steps; ++i) {
    const Batch more = next();
    const Fakes fresh = generate(more.images.size(0), /*graph=*/false);
    discriminator_loss = discriminator_loss + update_discriminator(more, fresh);
  }
  return {generator_loss, discriminator_loss / pair_->discriminator_steps};
}

Losses Step::run_discriminator_first(const Source& next) {
  Batch reals;
  at::Tensor discriminator_loss;
  for (int64_t i = 0; i < pair_->discriminator_steps; ++i) {
    reals = next();
    const Fakes fakes = generate(reals.images.size(0), /*graph=*/false);
    const at::Tensor loss = update_discriminator(reals, fakes);
    discriminator_loss = i == 0 ? loss : discriminator_loss + loss;
  }
  const Fakes fakes = generate(reals.images.size(0), /*graph=*/true);
  const at::Tensor generator_loss = update_generator(fakes, reals);
  return {generator_loss, discriminator_loss / pair_->discriminator_steps};
}

Step::Fakes Step::generate(int64_t count, bool graph) {
  const at::AutoGradMode mode(graph);
  LatentBatch latent = pair_->draw_latent(count);
  const at::Tensor images =
      execution_->generate(latent.input(pair_->latent), context(latent.labels));
  return {images, std::move(latent)};
}

at::Tensor Step::update_generator(const Fakes& fakes, const Batch& reals) {
  Scores scores;
  if (pair_->objective->generator_needs_reals()) {
    // The reals do not depend on the generator: no graph.
    const at::NoGradGuard no_grad;
    scores.real = answer(reals.images, reals.labels).score;
  }
  const Answer fake = answer(fakes.images, fakes.latent.labels);
  scores.fake = fake.score;
  at::Tensor loss = pair_->objective->generator_loss(scores);
  for (const auto& auxiliary : pair_->auxiliaries) {
    loss = loss + auxiliary->generator_term(fake, fakes.latent);
  }
  execution_->update(*pair_->generator_optimizer, loss);
  return loss.detach();
}

at::Tensor Step::update_discriminator(const Batch& batch, const Fakes& fakes) {
  const std::vector<const Penalty*> due = due_penalties(*pair_, discriminator_updates_);
  // Leaves of their own, so that a penalty can differentiate down to them.
  const at::Tensor reals = batch.images.detach(), made = fakes.images.detach();
  for (const Penalty* penalty : due) {
    if (penalty->at_reals()) reals.requires_grad_();
    if (penalty->at_fakes()) made.requires_grad_();
  }
  const auto [real, fake] = answer_both(reals, batch.labels, made, fakes.latent.labels);
  at::Tensor loss = pair_->objective->discriminator_loss({real.score, fake.score});
  const PenaltyInput input{
      reals,
      made,
      real.score,
      fake.score,
      [&](const at::Tensor& points) { return answer(points, batch.labels).score; },
      pair_->stream->on(reals.device())};
  for (const Penalty* penalty : due) loss = loss + penalty->strength() * penalty->value(input);
  for (const auto& auxiliary : pair_->auxiliaries) {
    loss = loss + auxiliary->discriminator_term(real, batch.labels, fake, fakes.latent);
  }
  execution_->update(*pair_->discriminator_optimizer, loss);
  clip_weights();
  discriminator_updates_ += 1;
  return loss.detach().to(at::kDouble);
}

std::pair<Answer, Answer> Step::answer_both(const at::Tensor& reals, const at::Tensor& real_labels,
                                            const at::Tensor& fakes,
                                            const at::Tensor& fake_labels) {
  // A gradient at the reals or at the fakes would be taken through the whole merged batch.
  const bool apart = reals.requires_grad() || fakes.requires_grad();
  if (apart || !execution_->merges_passes()) {
    const Answer real = answer(reals, real_labels);
    return {real, answer(fakes, fake_labels)};
  }
  const at::Tensor seen_reals = augmented(*pair_, reals);
  const at::Tensor both = at::cat({seen_reals, augmented(*pair_, fakes)});
  const at::Tensor labels = pair_->conditional ? at::cat({real_labels, fake_labels}) : at::Tensor();
  const at::Tensor output = execution_->discriminate(both, context(labels));
  return {to_answer(output.narrow(0, 0, reals.size(0)), pair_->heads),
          to_answer(output.narrow(0, reals.size(0), fakes.size(0)), pair_->heads)};
}

Answer Step::answer(const at::Tensor& images, const at::Tensor& labels) {
  const at::Tensor seen = augmented(*pair_, images);
  return to_answer(execution_->discriminate(seen, context(labels)), pair_->heads);
}

Context Step::context(const at::Tensor& labels) const { return {labels, pair_->stream.get()}; }

void Step::clip_weights() const {
  const double limit = pair_->objective->weight_clip();
  if (limit == 0) return;
  const at::NoGradGuard no_grad;
  for (const at::Tensor& parameter : pair_->discriminator_optimizer->parameters()) {
    parameter.clamp_(-limit, limit);
  }
}

}  // namespace sparring
