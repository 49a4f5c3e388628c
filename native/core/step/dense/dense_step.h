// The updates of a step on two dense networks, without a graph. Penalties have their second
// derivative in closed form, for which the discriminator has to be piecewise linear.
#pragma once

#include "core/step/dense/dense_network.h"
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

  // Adds to the discriminator's gradients; gives the weighted penalty.
  double add_penalty(const Penalty& penalty, const at::Tensor& reals, const at::Tensor& fakes);
  // Takes both through the discriminator and back; gives the loss.
  double learn_together(const at::Tensor& reals, const at::Tensor& fakes);
  double learn_apart(const at::Tensor& reals, const at::Tensor& fakes);

  std::unique_ptr<DenseNetwork> generator_, discriminator_;
};

}  // namespace sparring
