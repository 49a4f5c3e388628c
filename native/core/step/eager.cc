// PyTorch's arithmetic as a training script runs it. Nothing is saved here on purpose: this is the
// yardstick, bit for bit.
#include "core/step/execution.h"

namespace sparring {
namespace {

class Eager : public Execution {
 public:
  explicit Eager(std::shared_ptr<const Pair> pair) : pair_(std::move(pair)) {}

  at::Tensor generate(const at::Tensor& latents, const Context& context) override {
    return pair_->generator->body().forward(latents, context);
  }

  at::Tensor discriminate(const at::Tensor& images, const Context& context) override {
    return pair_->discriminator->body().forward(images, context);
  }

  bool merges_passes() const override { return false; }
  bool keeps_answers() const override { return false; }
  bool rewrites_augmentations() const override { return false; }

  std::vector<at::Tensor> gradients(const Optimizer& optimizer, const Root& root,
                                    const Ready& ready) override {
    const Listening listening(optimizer.learning(), ready);
    for (const at::Tensor& parameter : optimizer.learning()) parameter.mutable_grad().reset();
    go_back(root);
    std::vector<at::Tensor> found;
    for (const at::Tensor& parameter : optimizer.learning()) found.push_back(parameter.grad());
    return found;
  }

  void apply(Optimizer& optimizer, std::vector<at::Tensor> gradients) override {
    optimizer.step_exact(std::move(gradients));
  }

  Explanation explain() const override { return {"eager", false, {}, {}, {}, {}}; }

 private:
  // To the weights of both players, but for those that are frozen: a script has those require none.
  void go_back(const Root& root) const {
    std::vector<at::Tensor> learning = pair_->generator_optimizer->learning();
    const std::vector<at::Tensor>& more = pair_->discriminator_optimizer->learning();
    learning.insert(learning.end(), more.begin(), more.end());
    if (learning.empty()) return;
    root.value.backward(root.gradient, /*retain_graph=*/std::nullopt, /*create_graph=*/false,
                        learning);
  }

  std::shared_ptr<const Pair> pair_;
};

}  // namespace

std::unique_ptr<Execution> make_eager(std::shared_ptr<const Pair> pair) {
  return std::make_unique<Eager>(std::move(pair));
}

}  // namespace sparring
