// What the two players minimise. One file an objective; the loop knows no formula.
#pragma once

#include <memory>
#include <optional>

#include "core/named_tensors.h"
#include "core/objectives/term.h"
#include "core/options.h"
#include "core/torch.h"

namespace sparring {

// What a discriminator's output is: probabilities if it ends in a sigmoid, else logits.
enum class ScoreKind { kProbability, kLogit };

// What the discriminator said of a batch of reals and of one of fakes, each [N, 1]; or
// [N, 1, height, width], a score for each patch. A mean is over all of them.
struct Scores {
  at::Tensor real, fake;
};

// Of a game that is kept in balance, 0-dim each: how far it is from where it ends, and the weight
// that keeps it.
struct Equilibrium {
  at::Tensor convergence, balance;
};

class Objective {
 public:
  virtual ~Objective() = default;
  // `scores.real` is undefined unless the generator's loss looks at it.
  virtual at::Tensor generator_loss(const Scores& scores) const = 0;
  virtual at::Tensor discriminator_loss(const Scores& scores) const = 0;
  virtual bool generator_needs_reals() const { return false; }
  // True where samples meet in a loss: it is no mean over scores, or over pairs of one of a real
  // and one of a fake.
  virtual bool couples() const { return false; }
  // True where both losses are means over scores of functions of one of them. These are the
  // functions, for plans that need no graph; D's loss is the sum of its two means.
  virtual bool is_pointwise() const { return false; }
  virtual Term generator_term(double /*fake*/) const { return {}; }
  virtual Term real_term(double /*real*/) const { return {}; }
  virtual Term fake_term(double /*fake*/) const { return {}; }
  // True where the discriminator gives reals the lower scores: energies.
  virtual bool reals_score_low() const { return false; }

  // What it carries from one update of the discriminator to the next; most carry nothing. The
  // tensors stay, and are changed in place: a recorded step goes on from them.
  virtual NamedTensors state() const { return {}; }
  virtual void move_to(const at::Device& /*device*/) {}
  // What the state goes on from, as means over the scores of an update; undefined where there is
  // none. Means over parts of a batch are summed by their weights.
  virtual at::Tensor observed(const Scores& /*scores*/) const { return {}; }
  // After an update of the discriminator, with what was observed of its whole batch.
  virtual void go_on(const at::Tensor& /*observed*/) {}
  // Where it keeps a balance: after updates with these mean scores, 0-dim.
  virtual std::optional<Equilibrium> equilibrium(const at::Tensor& /*real*/,
                                                 const at::Tensor& /*fake*/) const {
    return std::nullopt;
  }

  // The discriminator's weights are kept within ± this; 0 lets them be.
  virtual double weight_clip() const { return 0; }
};

// Throws ERR_NATIVE for a name that has no file.
std::unique_ptr<Objective> make_objective(const Choice& choice, ScoreKind kind);

// Mean binary cross-entropy of scores against one constant label, as torch.nn.BCELoss (or
// BCEWithLogitsLoss) computes it.
at::Tensor binary_cross_entropy(const at::Tensor& scores, double label, ScoreKind kind);
// The cross-entropy of probabilities, and NaN where one is not finite. libtorch's own ends in an
// error there: on the CPU an exception, on a GPU one after which the process cannot use CUDA any
// more.
at::Tensor cross_entropy_or_nan(const at::Tensor& probabilities, const at::Tensor& target);
// The cross-entropy of one score.
Term cross_entropy_term(double score, double label, ScoreKind kind);
// Mean squared distance of scores from one constant label, as torch.nn.MSELoss computes it.
at::Tensor squared_error(const at::Tensor& scores, double label);

// One builder an objective, defined in its file.
using ObjectiveBuilder = std::unique_ptr<Objective> (*)(const Options&, ScoreKind);
std::unique_ptr<Objective> make_boundary_equilibrium(const Options&, ScoreKind);
std::unique_ptr<Objective> make_boundary_seeking(const Options&, ScoreKind);
std::unique_ptr<Objective> make_energy_based(const Options&, ScoreKind);
std::unique_ptr<Objective> make_f_divergence(const Options&, ScoreKind);
std::unique_ptr<Objective> make_formula(const Options&, ScoreKind);
std::unique_ptr<Objective> make_hinge(const Options&, ScoreKind);
std::unique_ptr<Objective> make_least_squares(const Options&, ScoreKind);
std::unique_ptr<Objective> make_minimax(const Options&, ScoreKind);
std::unique_ptr<Objective> make_non_saturating(const Options&, ScoreKind);
std::unique_ptr<Objective> make_relativistic_average(const Options&, ScoreKind);
std::unique_ptr<Objective> make_relativistic_paired(const Options&, ScoreKind);
std::unique_ptr<Objective> make_softmax(const Options&, ScoreKind);
std::unique_ptr<Objective> make_wasserstein(const Options&, ScoreKind);

}  // namespace sparring
