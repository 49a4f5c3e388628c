#include "core/nn/families.h"

namespace sparring {
namespace {

// Srivastava et al. 2014. torch.nn.Dropout, but drawing from the trainer's own stream.
class Dropout : public Module {
 public:
  explicit Dropout(double p) : p_(p) {}

  at::Tensor forward(const at::Tensor& input, const Context& context) override {
    if (!is_training() || p_ == 0 || context.stream == nullptr) return input;
    // The operations of at::dropout on the CPU, in its order. Contiguous, so that the numbers fall
    // on the same values whatever the layout of the input.
    const at::Tensor keep = at::empty_like(input, {}, at::MemoryFormat::Contiguous);
    keep.bernoulli_(1 - p_, context.stream->on(input.device())).div_(1 - p_);
    return input * keep;
  }

  bool needs_own_pass() const override { return p_ > 0; }

 private:
  double p_;
};

}  // namespace

ModulePtr build_dropout(const Layer& layer, RandomStream&) {
  return std::make_shared<Dropout>(layer.options.number("p"));
}

}  // namespace sparring
