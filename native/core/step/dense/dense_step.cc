#include "core/step/dense/dense_step.h"

namespace sparring {
namespace {

using TermOf = Term (Objective::*)(double) const;

// The penalty's buffers: its pass may have as many rows as the generator's update.
constexpr int kPenalty = 1;

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

std::string obstacle_to(const Pair& pair, const DenseNetwork* generator,
                        const DenseNetwork* discriminator) {
  if (!generator || !discriminator) {
    return std::string(generator ? "the discriminator" : "the generator") +
           (pair.generator->device().is_cpu()
                ? " has layers other than linear ones, batch normalisation and simple activations"
                : " is not on the CPU");
  }
  if (pair.precision != Precision::kFloat32) return "its kernels are for float32";
  if (!pair.auxiliaries.empty()) return "auxiliary terms need autograd";
  if (!pair.augmentations.empty()) return "augmentations need autograd";
  if (pair.conditional) return "labels need autograd";
  if (!pair.objective->is_pointwise()) return "the objective compares scores with each other";
  if (!pair.penalties.empty() && !discriminator->is_piecewise_linear()) {
    return "a penalty's second derivative is in closed form for piecewise linear discriminators";
  }
  return "";
}

std::vector<Operation> operations_of(const DenseNetwork& network) {
  std::vector<Operation> all;
  for (const auto& layers : network.layers()) all.push_back({layers, {}, {}});
  return all;
}

at::Tensor rows_of(const at::Tensor& images) { return images.flatten(1); }

at::Tensor number(double value) { return at::scalar_tensor(value, at::kDouble); }

}  // namespace

std::unique_ptr<DenseStep> DenseStep::plan(const std::shared_ptr<const Pair>& pair) {
  auto generator = DenseNetwork::plan(*pair->generator);
  auto discriminator = DenseNetwork::plan(*pair->discriminator);
  if (!obstacle_to(*pair, generator.get(), discriminator.get()).empty()) return nullptr;
  return std::unique_ptr<DenseStep>(
      new DenseStep(pair, std::move(generator), std::move(discriminator)));
}

std::string DenseStep::obstacle(const Pair& pair) {
  return obstacle_to(pair, DenseNetwork::plan(*pair.generator).get(),
                     DenseNetwork::plan(*pair.discriminator).get());
}

Explanation DenseStep::explain() const {
  Explanation told{"planned", !discriminator_->couples(), {}, {}, {}};
  if (!told.one_pass) {
    told.refusals.push_back({"reals and fakes in one pass",
                             "a layer of the discriminator couples the samples of a pass"});
  }
  told.generator = operations_of(*generator_);
  told.discriminator = operations_of(*discriminator_);
  return told;
}

DenseStep::DenseStep(std::shared_ptr<const Pair> pair, std::unique_ptr<DenseNetwork> generator,
                     std::unique_ptr<DenseNetwork> discriminator)
    : OrderedStep(std::move(pair)),
      generator_(std::move(generator)),
      discriminator_(std::move(discriminator)) {}

OrderedStep::Fakes DenseStep::generate(int64_t count, bool /*for_update*/) {
  const at::NoGradGuard no_grad;
  LatentBatch latent = draw_latent(count);
  Pass& pass = generator_->pass(count);
  generator_->forward(pass, latent.input(pair().latent), pair().together());
  return {pass.output(), std::move(latent)};
}

Gradients DenseStep::generator_gradients(const Fakes& fakes, const Batch&) {
  const at::NoGradGuard no_grad;
  const int64_t count = fakes.images.size(0);
  Pass &made = generator_->pass(count), &judged = discriminator_->pass(count);
  discriminator_->forward(judged, fakes.images, pair().together());
  const double loss = mean_term(*pair().objective, &Objective::generator_term, judged.output(),
                                judged.output_gradient());
  // The weights' gradients would be thrown away.
  judged.input_gradient = made.output_gradient();
  discriminator_->backward(judged, DenseNetwork::Wanted::kInput);
  generator_->backward(made, DenseNetwork::Wanted::kWeights, ready());
  return {number(loss), generator_->gradients()};
}

Gradients DenseStep::discriminator_gradients(const Batch& batch, const Fakes& fakes) {
  const at::NoGradGuard no_grad;
  const at::Tensor reals = rows_of(batch.images);
  double loss = discriminator_->couples() ? learn_apart(reals, fakes.images)
                                          : learn_together(reals, fakes.images);
  for (const Penalty* penalty : due_penalties()) {
    loss += add_penalty(*penalty, reals, fakes.images);
  }
  return {number(loss), discriminator_->gradients()};
}

double DenseStep::learn_together(const at::Tensor& reals, const at::Tensor& fakes) {
  const int64_t count = reals.size(0);
  Pass& pass = discriminator_->pass(2 * count);
  discriminator_->forward(pass, at::cat({reals, fakes}));
  const at::Tensor scores = pass.output(), slopes = pass.output_gradient();
  if (watch() != nullptr) {
    watch()->add_scores(scores.narrow(0, 0, count), scores.narrow(0, count, count));
  }
  const Objective& objective = *pair().objective;
  const double loss = mean_term(objective, &Objective::real_term, scores.narrow(0, 0, count),
                                slopes.narrow(0, 0, count)) +
                      mean_term(objective, &Objective::fake_term, scores.narrow(0, count, count),
                                slopes.narrow(0, count, count));
  // A penalty has gradients for the same weights.
  const bool is_all = due_penalties().empty();
  discriminator_->backward(pass, DenseNetwork::Wanted::kWeights, is_all ? ready() : Ready());
  return loss;
}

double DenseStep::learn_apart(const at::Tensor& reals, const at::Tensor& fakes) {
  Pass& pass = discriminator_->pass(reals.size(0));
  const auto learn = [&](const at::Tensor& images, TermOf term) {
    discriminator_->forward(pass, images, pair().together());
    const double loss = mean_term(*pair().objective, term, pass.output(), pass.output_gradient());
    discriminator_->backward(pass, DenseNetwork::Wanted::kWeights);
    return loss;
  };
  const double real = learn(reals, &Objective::real_term);
  const at::Tensor scores = watch() != nullptr ? pass.output().clone() : at::Tensor();
  std::vector<at::Tensor> of_reals;
  for (const at::Tensor& gradient : discriminator_->gradients()) {
    of_reals.push_back(gradient.clone());
  }
  const double fake = learn(fakes, &Objective::fake_term);
  if (watch() != nullptr) watch()->add_scores(scores, pass.output());
  at::_foreach_add_(discriminator_->gradients(), of_reals);
  return real + fake;
}

double DenseStep::add_penalty(const Penalty& penalty, const at::Tensor& reals,
                              const at::Tensor& fakes) {
  const at::Tensor points = penalty.points(reals, fakes, rows(reals.device()));
  Pass& pass = discriminator_->pass(points.size(0), kPenalty);
  discriminator_->forward(pass, points);
  const at::Tensor gradient = discriminator_->gradient_at_input(pass).detach().requires_grad_();
  at::Tensor value;
  {
    const at::AutoGradMode with_grad(true);
    value = penalty.strength() * penalty.of(gradient);
  }
  const at::Tensor outer = torch::autograd::grad({value}, {gradient})[0];
  discriminator_->add_second_derivative(pass, outer);
  return value.item<double>();
}

}  // namespace sparring
