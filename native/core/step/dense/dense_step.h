// The updates of a step on two dense networks, without a graph. Penalties have their second
// derivative in closed form, for which the discriminator has to be piecewise linear.
#pragma once

#include <optional>

#include "core/step/dense/dense_network.h"
#include "core/step/one_look.h"
#include "core/step/ordered_step.h"

namespace sparring {

class DenseStep : public OrderedStep {
 public:
  // Null where the networks or the rules of the game need autograd.
  static std::unique_ptr<DenseStep> plan(const std::shared_ptr<const Pair>& pair);
  static constexpr const char* kNoGraph = "a list of calls into buffers that stay, without a graph";
  // Why there is none; empty if there is one.
  static std::string obstacle(const Pair& pair);
  Explanation explain() const override;

 protected:
  Fakes generate(int64_t count, bool for_update) override;
  Gradients generator_gradients(const Fakes& fakes, const Batch& reals) override;
  Gradients discriminator_gradients(const Batch& reals, const Fakes& fakes) override;
  void apply(Optimizer& optimizer, std::vector<at::Tensor> gradients) override {
    optimizer.step_fused(std::move(gradients));
  }

 private:
  DenseStep(std::shared_ptr<const Pair> pair, std::unique_ptr<DenseNetwork> generator,
            std::unique_ptr<DenseNetwork> discriminator);

  void tell_of_penalties(Explanation& told) const;
  // The penalty that is due and whose points pass together with reals and fakes; or null.
  const Penalty* joined_penalty() const;
  // The discriminator's buffers for that.
  Pass& pass_together(int64_t count);
  // What a pass of a network has beside its input; each call is a pass.
  Context context(const DenseNetwork& network, const at::Tensor& labels);
  // Takes a batch of rows through the discriminator;
  void pass_through(Pass& pass, const Batch& rows);
  // or puts it into the pass's input only, and draws what the pass needs.
  void prepare(Pass& pass, const Batch& rows);
  void forward_first(const Penalty* penalty, Pass& all, int64_t first);
  double carry(const Penalty& penalty, Pass& points);
  // Adds another one to the discriminator's gradients; gives the weighted penalty.
  double add_penalty(const Penalty& penalty, const Batch& reals, const Batch& fakes);
  Pass& look(const Penalty& penalty, const Batch& reals, const Batch& fakes);
  // Has the discriminator look at fakes; gives the generator's loss, and its gradient for them.
  double judge(const Batch& fakes, const at::Tensor& gradient);
  double judge_by_factors(const Batch& fakes, const at::Tensor& gradient);
  // A loss, and what of it penalties are; none where none was due.
  struct Learned {
    double value;
    std::optional<double> penalty = {};
    void penalize(double more) {
      value += more;
      penalty = penalty.value_or(0) + more;
    }
  };
  // Takes both through the discriminator, fakes only where it has not looked at them, and back;
  // gives the loss.
  Learned learn_together(const Batch& reals, const Batch& fakes, bool has_looked);
  double learn_apart(const Batch& reals, const Batch& fakes, bool has_looked);
  // The discriminator's loss, and its slopes at the scores.
  double loss_of(const Pass& real, const at::Tensor& real_slopes, const Pass& fake,
                 const at::Tensor& fake_slopes);
  Ready ready_after(const Penalty* penalty) const;

  std::unique_ptr<DenseNetwork> generator_, discriminator_;
  Look look_;
  // At fakes that the discriminator's update is to learn from, too.
  bool has_looked_ = false;
};

}  // namespace sparring
