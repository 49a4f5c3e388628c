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
    // Where all that it comes from is frozen there is no way back, and a script's would throw.
    if (root.value.requires_grad()) root.value.backward(root.gradient);
    std::vector<at::Tensor> found;
    for (const at::Tensor& parameter : optimizer.learning()) found.push_back(parameter.grad());
    return found;
  }

  void apply(Optimizer& optimizer, std::vector<at::Tensor> gradients) override {
    optimizer.step_exact(std::move(gradients));
  }

  Explanation explain() const override { return {"eager", false, {}, {}, {}, {}}; }

 private:
  std::shared_ptr<const Pair> pair_;
};

}  // namespace

std::unique_ptr<Execution> make_eager(std::shared_ptr<const Pair> pair) {
  return std::make_unique<Eager>(std::move(pair));
}

}  // namespace sparring
