// PyTorch's arithmetic as a training script runs it. Nothing is saved here on purpose: this is the
// yardstick, bit for bit.
#include "core/step/execution.h"

namespace sparring {
namespace {

class Eager : public Execution {
 public:
  explicit Eager(const Pair& pair)
      : generator_(pair.generator), discriminator_(pair.discriminator) {}

  at::Tensor generate(const at::Tensor& latents, const Context& context) override {
    return generator_->body().forward(latents, context);
  }

  at::Tensor discriminate(const at::Tensor& images, const Context& context) override {
    return discriminator_->body().forward(images, context);
  }

  bool merges_passes() const override { return false; }

  void update(Optimizer& optimizer, const at::Tensor& loss) override {
    for (const at::Tensor& parameter : optimizer.parameters()) parameter.mutable_grad().reset();
    loss.backward();
    std::vector<at::Tensor> gradients;
    for (const at::Tensor& parameter : optimizer.parameters()) {
      gradients.push_back(parameter.grad());
    }
    optimizer.step_exact(std::move(gradients));
  }

  Explanation explain() const override { return {"eager", false, {}, {}, {}}; }

 private:
  std::shared_ptr<Network> generator_, discriminator_;
};

}  // namespace

std::unique_ptr<Execution> make_eager(const Pair& pair) { return std::make_unique<Eager>(pair); }

}  // namespace sparring
