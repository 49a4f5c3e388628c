#include "core/optim/optimizer.h"

#include "core/table.h"

namespace sparring {
namespace {

// RMSprop's.
constexpr size_t kMostStates = 3;

at::Tensor norm_of(const std::vector<at::Tensor>& gradients, const std::vector<size_t>& indices) {
  std::vector<at::Tensor> norms;
  for (const size_t i : indices) norms.push_back(at::linalg_vector_norm(gradients[i]));
  return at::linalg_vector_norm(at::stack(norms));
}

// torch.nn.utils.clip_grad_norm_, in its order of operations: Python's number / tensor is a
// reciprocal and a product, which rounds differently from a quotient.
void clip(std::vector<at::Tensor>& gradients, const std::vector<size_t>& indices, double max_norm) {
  const at::Tensor total = norm_of(gradients, indices);
  const at::Tensor factor = ((total + 1e-6).reciprocal() * max_norm).clamp_max(1.0);
  for (const size_t i : indices) gradients[i] = gradients[i].mul(factor);
}

void move_average(const at::Tensor& average, const at::Tensor& parameter, const Following& by) {
  if (by.weight_there.defined()) {
    average.lerp_(parameter, by.weight_there.to(parameter.scalar_type()));
  } else {
    average.lerp_(parameter, by.weight);
  }
}

}  // namespace

Optimizer::Optimizer(std::vector<at::Tensor> parameters, double lr)
    : parameters_(std::move(parameters)), parameter_updates_(parameters_.size(), 0), lr_(lr) {
  states_.reserve(kMostStates);
  freeze(std::vector<bool>(parameters_.size(), false));
}

void Optimizer::freeze(const std::vector<bool>& frozen) {
  learning_.clear();
  frozen_.clear();
  places_.clear();
  for (size_t i = 0; i < parameters_.size(); ++i) {
    (frozen[i] ? frozen_ : learning_).push_back(parameters_[i]);
    if (!frozen[i]) places_.push_back(i);
  }
}

std::vector<at::Tensor> Optimizer::of_all(std::vector<at::Tensor> gradients) const {
  if (learning_.size() == parameters_.size()) return gradients;
  std::vector<at::Tensor> all(parameters_.size());
  for (size_t k = 0; k < gradients.size(); ++k) all[places_[k]] = std::move(gradients[k]);
  return all;
}

void Optimizer::take_rules(const OptimizerChoice& choice) {
  schedule_ = make_schedule(choice.schedule);
  has_constant_rate_ = choice.schedule.type == "constant";
  clip_grad_norm_ = choice.clip_grad_norm;
  clip_grad_value_ = choice.clip_grad_value;
}

std::vector<at::Tensor>& Optimizer::make_state(const std::string& name) {
  TORCH_INTERNAL_ASSERT(states_.size() < kMostStates);
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> state;
  for (const at::Tensor& parameter : parameters_) {
    state.push_back(at::zeros_like(parameter, at::MemoryFormat::Preserve));
  }
  return states_.emplace_back(name, std::move(state)).second;
}

std::vector<size_t> Optimizer::prepare(std::vector<at::Tensor>& gradients) const {
  std::vector<size_t> indices;
  for (size_t i = 0; i < gradients.size(); ++i) {
    if (gradients[i].defined()) indices.push_back(i);
  }
  if (watched_ != nullptr) {
    *watched_ = indices.empty() ? at::zeros({}) : norm_of(gradients, indices);
  }
  if (clip_grad_norm_ > 0 && !indices.empty()) clip(gradients, indices, clip_grad_norm_);
  if (clip_grad_value_ > 0) {
    for (const size_t i : indices) {
      gradients[i] = gradients[i].clamp(-clip_grad_value_, clip_grad_value_);
    }
  }
  return indices;
}

void Optimizer::step_exact(std::vector<at::Tensor> gradients) {
  const at::NoGradGuard no_grad;
  gradients = of_all(std::move(gradients));
  const double lr = schedule_(lr_, updates_);
  for (const size_t i : prepare(gradients)) {
    parameter_updates_[i] += 1;
    update(i, gradients[i], lr, parameter_updates_[i]);
  }
  updates_ += 1;
}

void Optimizer::step_fused(std::vector<at::Tensor> gradients) {
  const at::NoGradGuard no_grad;
  gradients = of_all(std::move(gradients));
  const std::vector<size_t> indices = prepare(gradients);
  std::vector<at::Tensor> aligned;
  aligned.reserve(indices.size());
  // On the CPU the kernels read a gradient of other strides as if it were flat: silently wrong.
  for (const size_t i : indices) {
    aligned.push_back(gradients[i].strides() == parameters_[i].strides()
                          ? gradients[i]
                          : at::empty_like(parameters_[i]).copy_(gradients[i]));
  }
  // Only now: an update that found no memory for its gradients is none, and who goes on after it
  // would correct Adam's means for one too many.
  for (const size_t i : indices) parameter_updates_[i] += 1;
  announce_rate();
  if (!indices.empty()) update_all(indices, aligned, schedule_(lr_, updates_));
  updates_ += 1;
  if (following() != nullptr) move_averages(indices);
}

Following* Optimizer::following() const {
  if (parameters_.empty()) return nullptr;
  return parameters_[0].is_cpu() || averages_within() ? following_ : nullptr;
}

Follower Optimizer::follower(size_t index) const {
  const Following* const by = following();
  return {of_one(by ? &by->averages : nullptr, index), by ? by->weight : 0};
}

const at::Tensor& Optimizer::of_one(const std::vector<at::Tensor>* list, size_t index) {
  static const at::Tensor none;
  return list ? (*list)[index] : none;
}

void Optimizer::move_averages(const std::vector<size_t>& updated) const {
  std::vector<bool> is_moved(parameters_.size());
  for (const size_t i : updated) is_moved[i] = averages_within();
  for (size_t i = 0; i < parameters_.size(); ++i) {
    if (!is_moved[i]) move_average(following_->averages[i], parameters_[i], *following_);
  }
  following_->is_done = true;
}

void Optimizer::set_counts(Counts counts) {
  updates_ = counts.updates;
  parameter_updates_ = std::move(counts.of_parameters);
}

void Optimizer::add_counts(const Counts& more) {
  updates_ += more.updates;
  for (size_t i = 0; i < parameter_updates_.size(); ++i) {
    parameter_updates_[i] += more.of_parameters[i];
  }
  if (following() != nullptr) following_->is_done = true;
}

bool Optimizer::is_recordable(int64_t each) const {
  return is_steady() && (has_constant_rate_ || (reads_rate() && each == 1));
}

void Optimizer::update_all(const std::vector<size_t>& indices,
                           const std::vector<at::Tensor>& gradients, double lr) {
  for (size_t i = 0; i < indices.size(); ++i) {
    update(indices[i], gradients[i], lr, parameter_updates_[indices[i]]);
  }
}

// The table of optimizers: a new one costs its file and a row here.
std::unique_ptr<Optimizer> make_optimizer(const OptimizerChoice& choice,
                                          std::vector<at::Tensor> parameters) {
  static const std::map<std::string, OptimizerBuilder> table = {
      {"adam", make_adam}, {"adamW", make_adam_w}, {"rmsprop", make_rmsprop}, {"sgd", make_sgd}};
  const auto builder = row(table, choice.optimizer.type, "optimizer");
  auto optimizer = builder(choice.optimizer.options, std::move(parameters));
  optimizer->take_rules(choice);
  return optimizer;
}

}  // namespace sparring
