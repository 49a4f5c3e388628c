#include "core/step/autograd_step.h"

#include <algorithm>

#include "core/step/captured_step.h"
#include "core/step/dense/dense_step.h"

namespace sparring {
namespace {

Loss without_graph(const Loss& loss) {
  return {loss.value.detach(), loss.penalty.defined() ? loss.penalty.detach() : at::Tensor()};
}

void add_penalties(Loss& loss, const std::vector<const Penalty*>& due, const PenaltyInput& input) {
  for (const Penalty* penalty : due) {
    const at::Tensor term = penalty->strength() * penalty->value(input);
    loss.value = loss.value + term;
    loss.penalty = loss.penalty.defined() ? loss.penalty + term : term;
  }
}

}  // namespace

Explanation AutogradStep::explain() const {
  Explanation told = execution_->explain();
  const auto& penalties = pair().penalties;
  const auto any = [&](const auto& is) {
    return std::any_of(penalties.begin(), penalties.end(), is);
  };
  const bool together = !any([](const auto& penalty) { return penalty->is_at_batch(); });
  const bool always_apart = !told.one_pass || any([](const auto& penalty) {
    return penalty->is_at_batch() && !penalty->is_lazy();
  });
  if (told.kind == "eager") return told;
  told.refusals.push_back({DenseStep::kNoGraph, DenseStep::obstacle(pair())});
  if (pair().generator->device().is_cuda()) {
    told.refusals.push_back({CapturedStep::kOneLaunch, CapturedStep::obstacle(pair())});
  }
  const char* const one_pass = "reals and fakes in one pass";
  if (!told.one_pass) {
    told.refusals.push_back(
        {one_pass, "a layer of the discriminator couples the samples of a pass"});
  } else if (!together) {
    told.refusals.push_back({one_pass, "a penalty looks at the gradient at one of the two"});
  }
  told.one_pass = told.one_pass && together;
  if (always_apart) {
    tell_of_one_look(pair(), told);
  } else {
    told.refusals.push_back({kOneLook.name, "one pass of reals and fakes is as fast"});
  }
  return told;
}

OrderedStep::Fakes AutogradStep::generate(int64_t count, bool for_update) {
  const bool has_graph = for_update && !is_survey();
  const bool is_penalised = has_graph && due_path_length() != nullptr;
  const at::AutoGradMode mode(has_graph);
  LatentBatch latent = draw_latent(count);
  at::Tensor images;
  std::vector<at::Tensor> styles;
  {
    const Autocast autocast(pair().precision, pair().generator->device());
    Context seen = context(latent.labels);
    if (is_penalised) seen.styles = &styles;
    images = execution_->generate(latent.input(pair().latent), seen);
  }
  return {images.to(pair().generator->precision()), std::move(latent), std::move(styles)};
}

Gradients AutogradStep::generator_gradients(const Fakes& fakes, const Batch& reals) {
  Scores scores;
  if (pair().objective->generator_needs_reals()) {
    // The reals do not depend on the generator: no graph.
    const at::NoGradGuard no_grad;
    scores.real = answer(reals.images, reals.labels).score;
  }
  const Answer fake = judge(fakes);
  scores.fake = fake.score;
  if (is_survey()) {
    note(scores);
    return {};
  }
  Loss loss{pair().objective->generator_loss(met(scores)), path_penalty(fakes)};
  if (loss.penalty.defined()) loss.value = loss.value + loss.penalty;
  for (const auto& auxiliary : pair().auxiliaries) {
    loss.value = loss.value + auxiliary->generator_term(fake, fakes.latent);
  }
  return judged_ ? gradients_through(fakes.images, loss)
                 : gradients_of(loss, *pair().generator_optimizer);
}

// In the generator's update: for the discriminator's, too, where that is to go on from it.
Answer AutogradStep::judge(const Fakes& fakes) {
  judged_.reset();
  if (!looks_once() || !execution_->keeps_answers() || merges()) {
    return answer(fakes.images, fakes.latent.labels);
  }
  // A leaf: so the generator's graph can go while this one waits.
  const at::Tensor images = fakes.images.detach().requires_grad_();
  look_.begin();
  judged_ = Judged{images, answer(images, fakes.latent.labels)};
  look_.end();
  return judged_->answer;
}

Gradients AutogradStep::gradients_through(const at::Tensor& images, const Loss& loss) {
  const at::Tensor gradient =
      torch::autograd::grad({loss.value}, {judged_->images}, {}, /*retain_graph=*/true)[0];
  Root root{images, gradient};
  // As one number, so that what made the images is gone back through only once.
  if (loss.penalty.defined()) root = {(images * gradient).sum() + loss.penalty};
  return {without_graph(loss), execution_->gradients(*pair().generator_optimizer, root, ready())};
}

at::Tensor AutogradStep::path_penalty(const Fakes& fakes) {
  const PathLength* const due = due_path_length();
  if (due == nullptr) return {};
  const at::Tensor lengths = due->lengths(fakes.images, fakes.styles, rows(fakes.images.device()));
  observe(lengths);
  return due->strength() * due->of(lengths);
}

Gradients AutogradStep::gradients_of(const Loss& loss, const Optimizer& optimizer) {
  return {without_graph(loss), execution_->gradients(optimizer, {loss.value}, ready())};
}

Gradients AutogradStep::discriminator_gradients(const Batch& batch, const Fakes& fakes) {
  const std::optional<Judged> judged = std::exchange(judged_, std::nullopt);
  const std::vector<const Penalty*> due = due_penalties();
  // Leaves of their own, so that a penalty can differentiate down to them.
  const at::Tensor reals = batch.images.detach();
  at::Tensor made = fakes.images.detach();
  for (const Penalty* penalty : due) {
    if (penalty->where() == Penalty::Where::kReals) reals.requires_grad_();
    if (penalty->where() == Penalty::Where::kFakes) {
      made = judged ? judged->images : made.requires_grad_();
    }
  }
  const auto [real, fake] = judged ? std::pair{answer(reals, batch.labels), judged->answer}
                                   : answer_both(reals, batch.labels, made, fakes.latent.labels);
  if (judged) {
    look_.repeat();
    skip_pass();
  }
  if (is_survey()) {
    note({real.score, fake.score});
    return {};
  }
  take_down({real.score, fake.score});
  Loss loss{pair().objective->discriminator_loss(met({real.score, fake.score})), {}};
  const PenaltyInput input{
      reals,
      made,
      real.score,
      fake.score,
      [&](const at::Tensor& points) { return answer(points, batch.labels).score; },
      rows(reals.device())};
  add_penalties(loss, due, input);
  for (const auto& auxiliary : pair().auxiliaries) {
    loss.value = loss.value + auxiliary->discriminator_term(real, batch.labels, fake, fakes.latent);
  }
  return gradients_of(loss, *pair().discriminator_optimizer);
}

void AutogradStep::take_down(const Scores& scores) {
  if (watch() != nullptr) watch()->add_scores(scores.real, scores.fake);
  observe(scores);
  if (pair().ada) pair().ada->note(scores.real, own_weight());
}

std::pair<Answer, Answer> AutogradStep::answer_both(const at::Tensor& reals,
                                                    const at::Tensor& real_labels,
                                                    const at::Tensor& fakes,
                                                    const at::Tensor& fake_labels) {
  if (!merges()) {
    const Answer real = answer(reals, real_labels);
    return {real, answer(fakes, fake_labels)};
  }
  const at::Tensor seen_reals = augmented(reals);
  const at::Tensor both = at::cat({seen_reals, augmented(fakes)});
  const at::Tensor labels = pair().conditional ? at::cat({real_labels, fake_labels}) : at::Tensor();
  const at::Tensor output = discriminated(both, labels);
  skip_pass();
  return {to_answer(output.narrow(0, 0, reals.size(0)), pair().heads),
          to_answer(output.narrow(0, reals.size(0), fakes.size(0)), pair().heads)};
}

bool AutogradStep::merges() const {
  const std::vector<const Penalty*> due = due_penalties();
  return execution_->merges_passes() &&
         std::none_of(due.begin(), due.end(),
                      [](const Penalty* penalty) { return penalty->is_at_batch(); });
}

Answer AutogradStep::answer(const at::Tensor& images, const at::Tensor& labels) {
  const at::Tensor seen = augmented(images);
  return to_answer(discriminated(seen, labels), pair().heads);
}

// Losses of scores in few digits would be worth little.
at::Tensor AutogradStep::discriminated(const at::Tensor& images, const at::Tensor& labels) {
  const Autocast autocast(pair().precision, pair().discriminator->device());
  return execution_->discriminate(images, context(labels)).to(pair().discriminator->precision());
}

at::Tensor AutogradStep::augmented(at::Tensor images) const {
  for (const Augmentation augment : pair().augmentations) {
    images = augment(images, rows(images.device()));
  }
  if (!pair().ada) return images;
  return pair().ada->augmented(images, rows(images.device()), execution_->rewrites_augmentations());
}

}  // namespace sparring
