// What the two players minimise. One file an objective; the loop knows no formula.
#pragma once

#include <memory>
#include <string>

#include "core/torch.h"

namespace sparring {

// What the discriminator said of a batch, [N, 1]: probabilities if it ends in a sigmoid, else
// logits.
enum class Scores { kProbability, kLogit };

class Objective {
 public:
  virtual ~Objective() = default;
  virtual at::Tensor generator_loss(const at::Tensor& fake) const = 0;
  virtual at::Tensor discriminator_loss(const at::Tensor& real, const at::Tensor& fake) const = 0;
};

// Throws ERR_OBJECTIVE for a name that has no file.
std::unique_ptr<Objective> make_objective(const std::string& name, Scores scores);

// Mean binary cross-entropy of scores against one constant label, as torch.nn.BCELoss (or
// BCEWithLogitsLoss) computes it.
at::Tensor binary_cross_entropy(const at::Tensor& scores, double label, Scores kind);

std::unique_ptr<Objective> make_non_saturating(Scores scores);

}  // namespace sparring
