#include "core/objectives/objective.h"

#include "core/error.h"

namespace sparring {

at::Tensor binary_cross_entropy(const at::Tensor& scores, double label, Scores kind) {
  const at::Tensor target = at::full_like(scores, label);
  return kind == Scores::kProbability ? at::binary_cross_entropy(scores, target)
                                      : at::binary_cross_entropy_with_logits(scores, target);
}

std::unique_ptr<Objective> make_objective(const std::string& name, Scores scores) {
  if (name == "nonSaturating") return make_non_saturating(scores);
  throw Error("ERR_OBJECTIVE", "Expected a known objective but received " + name);
}

}  // namespace sparring
