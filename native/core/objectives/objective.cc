#include "core/objectives/objective.h"

#include <algorithm>
#include <cmath>

#include "core/table.h"

namespace sparring {

at::Tensor binary_cross_entropy(const at::Tensor& scores, double label, ScoreKind kind) {
  const at::Tensor target = at::full_like(scores, label);
  if (kind == ScoreKind::kLogit) return at::binary_cross_entropy_with_logits(scores, target);
  return scores.is_cuda() ? cross_entropy_or_nan(scores, target)
                          : at::binary_cross_entropy(scores, target);
}

at::Tensor cross_entropy_or_nan(const at::Tensor& probabilities, const at::Tensor& target) {
  const at::Tensor finite = at::nan_to_num(probabilities, 0.5, 1, 0);
  // Nothing is added to what is finite, and to its gradient; of the others 0 times is NaN.
  return at::binary_cross_entropy(finite, target) + 0 * probabilities.sum();
}

Term cross_entropy_term(double score, double label, ScoreKind kind) {
  if (kind == ScoreKind::kLogit) {
    const double softplus = std::log1p(std::exp(-std::abs(score))) + std::max(-score, 0.0);
    return {(1 - label) * score + softplus, 1 / (1 + std::exp(-score)) - label};
  }
  // libtorch's limits, which keep a probability of 0 or 1 finite.
  const double log_real = std::max(std::log(score), -100.0);
  const double log_fake = std::max(std::log1p(-score), -100.0);
  return {-(label * log_real + (1 - label) * log_fake),
          (score - label) / std::max((1 - score) * score, 1e-12)};
}

at::Tensor squared_error(const at::Tensor& scores, double label) {
  return at::mse_loss(scores, at::full_like(scores, label));
}

// The table of objectives: a new one costs its file and a row here.
std::unique_ptr<Objective> make_objective(const Choice& choice, ScoreKind kind) {
  static const std::map<std::string, ObjectiveBuilder> table = {
      {"boundaryEquilibrium", make_boundary_equilibrium},
      {"boundarySeeking", make_boundary_seeking},
      {"energyBased", make_energy_based},
      {"fDivergence", make_f_divergence},
      {"formula", make_formula},
      {"hinge", make_hinge},
      {"leastSquares", make_least_squares},
      {"minimax", make_minimax},
      {"nonSaturating", make_non_saturating},
      {"relativisticAverage", make_relativistic_average},
      {"relativisticPaired", make_relativistic_paired},
      {"softmax", make_softmax},
      {"wasserstein", make_wasserstein},
  };
  return row(table, choice.type, "objective")(choice.options, kind);
}

}  // namespace sparring
