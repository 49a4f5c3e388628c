#include "core/step/dense/dense_step.h"

#include <algorithm>

#include "core/linalg/bfloat16_product.h"
#include "core/linalg/rounded_product.h"
#include "core/step/dense/row_kernels.h"

namespace sparring {
namespace {

using TermOf = Term (Objective::*)(double) const;

// The penalty's buffers, and those of fakes that wait while the reals pass: they may have as many
// rows as others.
constexpr int kPenalty = 1, kWaiting = 2;

// The mean of a term over some rows of scores; its derivatives go to the same rows of `slopes`.
double mean_term(const Objective& objective, TermOf term, const at::Tensor& scores,
                 const at::Tensor& slopes) {
  double sum = 0;
  const int64_t count = scores.numel();
  AT_DISPATCH_FLOATING_TYPES(scores.scalar_type(), "mean_term", [&] {
    const scalar_t* from = scores.const_data_ptr<scalar_t>();
    scalar_t* to = slopes.mutable_data_ptr<scalar_t>();
    for (int64_t i = 0; i < count; ++i) {
      const Term one = (objective.*term)(static_cast<double>(from[i]));
      sum += one.value;
      to[i] = static_cast<scalar_t>(one.slope / static_cast<double>(count));
    }
  });
  return sum / static_cast<double>(count);
}

// The penalty of the gradients of a batch, which become its own derivative for them.
double penalize(const Penalty& penalty, const at::Tensor& gradient) {
  const int64_t count = gradient.size(0);
  const double weight = penalty.strength() / static_cast<double>(count);
  const at::Tensor factors = at::empty({count, 1}, gradient.options());
  dense::square_rows(gradient, factors);
  double sum = 0;
  AT_DISPATCH_FLOATING_TYPES(gradient.scalar_type(), "penalize", [&] {
    scalar_t* const each = factors.mutable_data_ptr<scalar_t>();
    for (int64_t i = 0; i < count; ++i) {
      const Term one = penalty.of_square(static_cast<double>(each[i]));
      sum += weight * one.value;
      each[i] = static_cast<scalar_t>(2 * weight * one.slope);
    }
  });
  dense::scale_rows(gradient, factors);
  return sum;
}

std::string obstacle_to(const Pair& pair, const DenseNetwork* generator,
                        const DenseNetwork* discriminator) {
  if (!generator || !discriminator) {
    return std::string(generator ? "the discriminator" : "the generator") +
           (pair.generator->device().is_cpu()
                ? " has layers other than linear ones, maxout, batch normalisation, simple "
                  "activations, dropout and an embedding of labels before them"
                : " is not on the CPU");
  }
  // A sample's derivatives are multiples of those of one score.
  if (discriminator->outputs() != 1) return "the discriminator gives a score for each patch";
  if (pair.precision == Precision::kBfloat16 && !has_tiles()) {
    return "in bfloat16 its products need a processor with tiles (AMX)";
  }
  if (!pair.auxiliaries.empty()) return "auxiliary terms need autograd";
  if (pair.augments()) return "augmentations need autograd";
  if (!pair.objective->is_pointwise()) return "the objective compares scores with each other";
  if (!pair.penalties.empty() && !discriminator->is_piecewise_linear()) {
    return "a penalty's second derivative is in closed form for piecewise linear discriminators, "
           "without dropout and labels";
  }
  return "";
}

Multiply product_of(const Pair& pair) {
  return pair.precision == Precision::kBfloat16 ? rounded_product : product;
}

std::unique_ptr<DenseNetwork> plan_generator(const Pair& pair) {
  return DenseNetwork::plan(*pair.generator, /*takes_rows=*/true, product_of(pair),
                            pair.generator_optimizer->learning());
}

std::unique_ptr<DenseNetwork> plan_discriminator(const Pair& pair) {
  return DenseNetwork::plan(*pair.discriminator, /*takes_rows=*/false, product_of(pair),
                            pair.discriminator_optimizer->learning());
}

std::vector<Operation> operations_of(const DenseNetwork& network) {
  std::vector<Operation> all;
  for (const auto& layers : network.layers()) all.push_back({layers, {}, {}});
  return all;
}

Batch rows_of(const Batch& batch) { return {batch.images.flatten(1), batch.labels}; }

at::Tensor number(double value) { return at::scalar_tensor(value, at::kDouble); }

}  // namespace

std::unique_ptr<DenseStep> DenseStep::plan(const std::shared_ptr<const Pair>& pair) {
  auto generator = plan_generator(*pair), discriminator = plan_discriminator(*pair);
  if (!obstacle_to(*pair, generator.get(), discriminator.get()).empty()) return nullptr;
  return std::unique_ptr<DenseStep>(
      new DenseStep(pair, std::move(generator), std::move(discriminator)));
}

std::string DenseStep::obstacle(const Pair& pair) {
  return obstacle_to(pair, plan_generator(pair).get(), plan_discriminator(pair).get());
}

Explanation DenseStep::explain() const {
  Explanation told{"planned", !discriminator_->couples(), {}, {}, {}, {}};
  if (!told.one_pass) {
    told.refusals.push_back({"reals and fakes in one pass",
                             "a layer of the discriminator couples the samples of a pass"});
  }
  tell_of_one_look(pair(), told);
  tell_of_penalties(told);
  told.generator = operations_of(*generator_);
  told.discriminator = operations_of(*discriminator_);
  return told;
}

void DenseStep::tell_of_penalties(Explanation& told) const {
  const auto& penalties = pair().penalties;
  const auto any = [&](const auto& is) {
    return std::any_of(penalties.begin(), penalties.end(), is);
  };
  if (any([](const auto& penalty) { return penalty->is_at_batch(); })) {
    told.rewrites.push_back({"seenPoints", "no pass of its own for a penalty at reals or fakes"});
  }
  if (any([](const auto& penalty) { return penalty->where() == Penalty::Where::kBetween; })) {
    const RewriteName between{"between",
                              "the first product of points between reals and fakes from theirs"};
    if (discriminator_->passes_between()) {
      told.rewrites.push_back(between);
    } else {
      told.refusals.push_back({between.name, "the first layer loses what it was made of"});
    }
  }
}

DenseStep::DenseStep(std::shared_ptr<const Pair> pair, std::unique_ptr<DenseNetwork> generator,
                     std::unique_ptr<DenseNetwork> discriminator)
    : OrderedStep(std::move(pair)),
      generator_(std::move(generator)),
      discriminator_(std::move(discriminator)),
      look_(*this->pair().discriminator) {}

OrderedStep::Fakes DenseStep::generate(int64_t count, bool /*for_update*/) {
  const at::NoGradGuard no_grad;
  generator_->make_room();
  discriminator_->make_room();
  LatentBatch latent = draw_latent(count);
  Pass& pass = generator_->pass(count);
  generator_->forward(pass, latent.input(pair().latent), context(*generator_, latent.labels));
  return {pass.output(), std::move(latent)};
}

Gradients DenseStep::generator_gradients(const Fakes& fakes, const Batch&) {
  const at::NoGradGuard no_grad;
  const int64_t count = fakes.images.size(0);
  Pass& made = generator_->pass(count);
  has_looked_ = looks_once();
  const bool by_factors = has_looked_ && !discriminator_->couples();
  const Batch seen{fakes.images, fakes.latent.labels};
  const double loss = by_factors ? judge_by_factors(seen, made.output_gradient())
                                 : judge(seen, made.output_gradient());
  generator_->backward(made, DenseNetwork::Wanted::kWeights, ready());
  return {{number(loss), {}}, generator_->gradients()};
}

Context DenseStep::context(const DenseNetwork& network, const at::Tensor& labels) {
  if (network.draws()) return {labels, pass_stream(), pair().together()};
  skip_pass();
  return {labels, nullptr, pair().together()};
}

void DenseStep::pass_through(Pass& pass, const Batch& rows) {
  discriminator_->forward(pass, rows.images, context(*discriminator_, rows.labels));
}

double DenseStep::judge(const Batch& fakes, const at::Tensor& gradient) {
  Pass& judged = discriminator_->pass(fakes.images.size(0), kWaiting);
  if (has_looked_) look_.begin();
  pass_through(judged, fakes);
  if (has_looked_) look_.end();
  const double loss = mean_term(*pair().objective, &Objective::generator_term, judged.output(),
                                judged.output_gradient());
  // The weights' gradients would be thrown away.
  judged.input_gradient = gradient;
  discriminator_->backward(judged, DenseNetwork::Wanted::kInput);
  return loss;
}

// A score has a gradient at every layer, of which a sample's derivatives are multiples: by the
// slope of the generator's loss in its update, and of the discriminator's in the other.
double DenseStep::judge_by_factors(const Batch& fakes, const at::Tensor& gradient) {
  const int64_t count = fakes.images.size(0);
  Pass& judged = pass_together(count).part(0, count);
  prepare(judged, fakes);
  discriminator_->forward_first(judged);
  discriminator_->forward_rest(judged);
  judged.output_gradient().fill_(1);
  judged.input_gradient = gradient;
  discriminator_->backward(judged, DenseNetwork::Wanted::kInput);
  const at::Tensor slopes = at::empty_like(judged.output());
  const double loss =
      mean_term(*pair().objective, &Objective::generator_term, judged.output(), slopes);
  dense::scale_rows(gradient, slopes);
  return loss;
}

Gradients DenseStep::discriminator_gradients(const Batch& batch, const Fakes& fakes) {
  const at::NoGradGuard no_grad;
  const bool has_looked = std::exchange(has_looked_, false);
  const Batch reals = rows_of(batch), made{fakes.images, fakes.latent.labels};
  if (discriminator_->couples()) {
    const double loss = learn_apart(reals, made, has_looked);
    return {{number(loss), {}}, discriminator_->gradients()};
  }
  Learned loss = learn_together(reals, made, has_looked);
  const Penalty* const joined = joined_penalty();
  for (const Penalty* penalty : due_penalties()) {
    if (penalty != joined) loss.penalize(add_penalty(*penalty, reals, made));
  }
  const at::Tensor penalty = loss.penalty ? number(*loss.penalty) : at::Tensor();
  return {{number(loss.value), penalty}, discriminator_->gradients()};
}

// The first that has points of its own.
const Penalty* DenseStep::joined_penalty() const {
  for (const Penalty* penalty : due_penalties()) {
    if (!penalty->is_at_batch()) return penalty;
  }
  return nullptr;
}

// Fakes, reals and the points of a penalty. They have an input that stays.
Pass& DenseStep::pass_together(int64_t count) {
  Pass& all = discriminator_->pass(count * (joined_penalty() == nullptr ? 2 : 3));
  if (!all.input.defined()) discriminator_->own_input(all);
  return all;
}

// Each draws what it would in a pass of its own.
void DenseStep::prepare(Pass& pass, const Batch& rows) {
  discriminator_->fill(pass, rows.images, rows.labels);
  discriminator_->draw(pass, context(*discriminator_, rows.labels).stream);
}

DenseStep::Learned DenseStep::learn_together(const Batch& reals, const Batch& fakes,
                                             bool has_looked) {
  const int64_t count = reals.images.size(0), first = has_looked ? count : 0;
  const Penalty* const penalty = joined_penalty();
  Pass& all = pass_together(count);
  Pass &fake = all.part(0, count), &real = all.part(count, count);
  Pass& passing = all.part(first, all.rows() - first);
  prepare(real, reals);
  if (has_looked) {
    skip_pass();
  } else {
    prepare(fake, fakes);
  }
  forward_first(penalty, all, first);
  discriminator_->forward_rest(passing);
  const at::Tensor slopes = has_looked ? at::empty_like(fake.output()) : fake.output_gradient();
  Learned loss{loss_of(real, real.output_gradient(), fake, slopes)};
  if (penalty == nullptr && !has_looked) {
    discriminator_->backward(passing, DenseNetwork::Wanted::kWeights, ready_after(penalty));
    return loss;
  }
  if (penalty != nullptr) all.part(2 * count, count).output_gradient().fill_(1);
  if (penalty == nullptr) {
    discriminator_->back_to_weights(passing);
  } else {
    discriminator_->back_to_first(passing);
  }
  if (has_looked) discriminator_->scale(fake, slopes);
  if (penalty != nullptr) loss.penalize(carry(*penalty, all.part(2 * count, count)));
  discriminator_->learn(all, all.part(0, 2 * count), ready_after(penalty));
  return loss;
}

// Of all rows but those before `first`.
void DenseStep::forward_first(const Penalty* penalty, Pass& all, int64_t first) {
  if (penalty == nullptr) {
    return discriminator_->forward_first(all.part(first, all.rows() - first));
  }
  skip_pass();
  const int64_t count = all.rows() / 3;
  const Pass &fake = all.part(0, count), &real = all.part(count, count);
  Pass& points = all.part(2 * count, count);
  const Rows each = rows(real.input.device());
  if (penalty->where() == Penalty::Where::kBetween && discriminator_->passes_between()) {
    discriminator_->forward_first(all.part(first, 2 * count - first));
    discriminator_->forward_first_between(points, real, fake,
                                          penalty->share_of_reals(real.input, each));
  } else {
    points.input.copy_(penalty->points(real.input, fake.input, each));
    discriminator_->forward_first(all.part(first, 3 * count - first));
  }
}

// From the points' gradients at the first block on; gives the weighted penalty.
double DenseStep::carry(const Penalty& penalty, Pass& points) {
  points.input_gradient = points.input;
  discriminator_->back_to_input(points);
  const double value = penalize(penalty, points.input_gradient);
  discriminator_->carry_up(points);
  return value;
}

double DenseStep::loss_of(const Pass& real, const at::Tensor& real_slopes, const Pass& fake,
                          const at::Tensor& fake_slopes) {
  if (watch() != nullptr) watch()->add_scores(real.output(), fake.output());
  const Objective& objective = *pair().objective;
  return mean_term(objective, &Objective::real_term, real.output(), real_slopes) +
         mean_term(objective, &Objective::fake_term, fake.output(), fake_slopes);
}

// Other penalties have gradients for the same weights.
Ready DenseStep::ready_after(const Penalty* penalty) const {
  return due_penalties().size() == (penalty == nullptr ? 0 : 1) ? ready() : Ready();
}

double DenseStep::learn_apart(const Batch& reals, const Batch& fakes, bool has_looked) {
  Pass &real = discriminator_->pass(reals.images.size(0)),
       &fake = discriminator_->pass(fakes.images.size(0), kWaiting);
  pass_through(real, reals);
  if (has_looked) {
    look_.repeat();
    skip_pass();
  } else {
    pass_through(fake, fakes);
  }
  const double loss = loss_of(real, real.output_gradient(), fake, fake.output_gradient());
  discriminator_->backward(real, DenseNetwork::Wanted::kWeights);
  std::vector<at::Tensor> of_reals;
  for (const at::Tensor& gradient : discriminator_->gradients()) {
    of_reals.push_back(gradient.clone());
  }
  discriminator_->backward(fake, DenseNetwork::Wanted::kWeights);
  if (!of_reals.empty()) at::_foreach_add_(discriminator_->gradients(), of_reals);
  return loss;
}

double DenseStep::add_penalty(const Penalty& penalty, const Batch& reals, const Batch& fakes) {
  Pass& pass = look(penalty, reals, fakes);
  const at::Tensor& gradient = discriminator_->gradient_at_input(pass);
  const double value = penalize(penalty, gradient);
  discriminator_->add_second_derivative(pass, gradient);
  return value;
}

// The pass of the penalty's points, at weights with which both have just passed.
Pass& DenseStep::look(const Penalty& penalty, const Batch& reals, const Batch& fakes) {
  const int64_t count = reals.images.size(0);
  if (penalty.is_at_batch()) {
    const bool is_real = penalty.where() == Penalty::Where::kReals;
    return pass_together(count).part(is_real ? count : 0, count);
  }
  Pass& pass = discriminator_->pass(count, kPenalty);
  const at::Tensor points = penalty.points(reals.images, fakes.images, rows(reals.images.device()));
  pass_through(pass, {points, reals.labels});
  return pass;
}

}  // namespace sparring
