// What is added to the discriminator's loss to keep it smooth: a function of the gradient of its
// scores at some points, so that its own gradient is a second derivative. One file a penalty; that
// of the generator's loss is path_length.h.
#pragma once

#include <functional>
#include <memory>

#include "core/objectives/penalties/lazy.h"
#include "core/objectives/term.h"
#include "core/options.h"
#include "core/random.h"
#include "core/rows.h"
#include "core/torch.h"

namespace sparring {

// What a penalty is computed from by autograd.
struct PenaltyInput {
  at::Tensor reals, fakes;  // [N, ...]; with a graph to their scores where the penalty looks there
  at::Tensor real_scores, fake_scores;                 // as the objective has them
  std::function<at::Tensor(const at::Tensor&)> score;  // the scores of other points, as many
  Rows rows;                                           // for points that are drawn
};

class Penalty : public Lazy {
 public:
  using Lazy::Lazy;
  virtual ~Penalty() = default;
  // Where it looks at the gradient of the scores.
  enum class Where { kReals, kFakes, kBetween, kDrawn };
  virtual Where where() const { return Where::kDrawn; }
  // At reals or fakes themselves, of which the loss has scores.
  bool is_at_batch() const { return where() == Where::kReals || where() == Where::kFakes; }
  // For points between reals and fakes: the reals' share of each, one number a sample.
  virtual at::Tensor share_of_reals(const at::Tensor& /*reals*/, const Rows& /*rows*/) const {
    return {};
  }
  // The points of the penalty, [N, ...], without a graph.
  virtual at::Tensor points(const at::Tensor& reals, const at::Tensor& fakes,
                            const Rows& rows) const;
  // What it makes of the gradient, [N, ...]: 0-dim, not yet weighted.
  virtual at::Tensor of(const at::Tensor& gradient) const = 0;
  // The same of one sample, as a function of the square of its gradient's norm: of() is the mean.
  virtual Term of_square(double square) const = 0;
  // The penalty, down from the scores, with a graph to the discriminator's weights.
  at::Tensor value(const PenaltyInput& input) const;
};

// At points on lines between reals and fakes, as Gulrajani et al. 2017 draw them.
class PenaltyBetween : public Penalty {
 public:
  using Penalty::Penalty;
  Where where() const override { return Where::kBetween; }
  at::Tensor share_of_reals(const at::Tensor& reals, const Rows& rows) const override;
  at::Tensor points(const at::Tensor& reals, const at::Tensor& fakes,
                    const Rows& rows) const override;
};

// Throws ERR_NATIVE for a name that has no file.
std::unique_ptr<Penalty> make_penalty(const Choice& choice);

// d sum(scores) / d points, [N, ...], itself differentiable. Of a map it is the gradient of the sum
// over a sample's patches, as grad_outputs of ones have it in PyTorch.
at::Tensor gradient_at(const at::Tensor& points, const at::Tensor& scores);
// Mean over samples of (|gradient| - 1)^2: the norm of each sample by itself.
at::Tensor distance_from_unit_norm(const at::Tensor& gradient);
Term distance_from_unit_norm(double square);
// One number in [0, 1) a sample, shaped to scale it: [N, 1, ...].
at::Tensor one_a_sample(const at::Tensor& like, const Rows& rows);

// One builder a penalty, defined in its file.
using PenaltyBuilder = std::unique_ptr<Penalty> (*)(const Options&);
std::unique_ptr<Penalty> make_dragan(const Options&);
std::unique_ptr<Penalty> make_r1(const Options&);
std::unique_ptr<Penalty> make_r2(const Options&);
std::unique_ptr<Penalty> make_wgan_div(const Options&);
std::unique_ptr<Penalty> make_wgan_gp(const Options&);

}  // namespace sparring
