// The updates of a step by autograd: any network, objective and penalty.
#pragma once

#include <optional>

#include "core/step/execution.h"
#include "core/step/one_look.h"
#include "core/step/ordered_step.h"

namespace sparring {

class AutogradStep : public OrderedStep {
 public:
  AutogradStep(std::shared_ptr<const Pair> pair, std::unique_ptr<Execution> execution)
      : OrderedStep(std::move(pair)),
        execution_(std::move(execution)),
        look_(*this->pair().discriminator) {}

  Explanation explain() const override;

 protected:
  Fakes generate(int64_t count, bool for_update) override;
  Gradients generator_gradients(const Fakes& fakes, const Batch& reals) override;
  Gradients discriminator_gradients(const Batch& reals, const Fakes& fakes) override;
  void apply(Optimizer& optimizer, std::vector<at::Tensor> gradients) override {
    execution_->apply(optimizer, std::move(gradients));
  }

 private:
  // Reals and fakes of the discriminator's update go through it in one pass. The gradient at one of
  // the two, of which a penalty is made, would be taken through both.
  bool merges() const;
  // The discriminator's answers to reals and to fakes.
  std::pair<Answer, Answer> answer_both(const at::Tensor& reals, const at::Tensor& real_labels,
                                        const at::Tensor& fakes, const at::Tensor& fake_labels);
  // For whoever looks at the scores of an update of the discriminator, or goes by them.
  void take_down(const Scores& scores);
  Answer answer(const at::Tensor& images, const at::Tensor& labels);
  at::Tensor discriminated(const at::Tensor& images, const at::Tensor& labels);
  Context context(const at::Tensor& labels) { return {labels, pass_stream(), pair().together()}; }
  at::Tensor augmented(at::Tensor images) const;
  Gradients gradients_of(const Loss& loss, const Optimizer& optimizer);

  // What the discriminator said of fakes in the generator's update, for its own to go on from.
  struct Judged {
    at::Tensor images;  // where the graph of the answer begins
    Answer answer;
  };
  Answer judge(const Fakes& fakes);
  // Down from the loss, by way of what was judged, and from a penalty on the way to the images.
  Gradients gradients_through(const at::Tensor& images, const Loss& loss);
  // That on the generator's path length, weighted; undefined where none is due.
  at::Tensor path_penalty(const Fakes& fakes);

  std::unique_ptr<Execution> execution_;
  Look look_;
  std::optional<Judged> judged_;
};

}  // namespace sparring
