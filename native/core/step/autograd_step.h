// The updates of a step by autograd: any network, objective and penalty.
#pragma once

#include "core/step/execution.h"
#include "core/step/ordered_step.h"

namespace sparring {

class AutogradStep : public OrderedStep {
 public:
  AutogradStep(std::shared_ptr<const Pair> pair, std::unique_ptr<Execution> execution)
      : OrderedStep(std::move(pair)), execution_(std::move(execution)) {}

  Explanation explain() const override;

 protected:
  Fakes generate(int64_t count, bool for_update) override;
  Gradients generator_gradients(const Fakes& fakes, const Batch& reals) override;
  Gradients discriminator_gradients(const Batch& reals, const Fakes& fakes) override;
  void apply(Optimizer& optimizer, std::vector<at::Tensor> gradients) override {
    execution_->apply(optimizer, std::move(gradients));
  }

 private:
  // The discriminator's answers to reals and to fakes.
  std::pair<Answer, Answer> answer_both(const at::Tensor& reals, const at::Tensor& real_labels,
                                        const at::Tensor& fakes, const at::Tensor& fake_labels);
  Answer answer(const at::Tensor& images, const at::Tensor& labels);
  at::Tensor discriminated(const at::Tensor& images, const at::Tensor& labels);
  Context context(const at::Tensor& labels) { return {labels, pass_stream(), pair().together()}; }
  at::Tensor augmented(at::Tensor images) const;

  std::unique_ptr<Execution> execution_;
};

}  // namespace sparring
