// Stochastic gradient descent with momentum, as torch.optim.SGD computes it. The momentum may rise,
// as in the 2014 paper's recipe.
#include <algorithm>

#include "core/optim/optimizer.h"

namespace sparring {
namespace {

class Sgd : public Optimizer {
 public:
  Sgd(const Options& options, std::vector<at::Tensor> parameters)
      : Optimizer(std::move(parameters), options.number("lr")),
        from_(options.number("momentumFrom")),
        to_(options.number("momentumTo")),
        over_(options.number("momentumSteps")),
        dampening_(options.number("dampening")),
        weight_decay_(options.number("weightDecay")),
        nesterov_(options.flag("nesterov")) {
    if (from_ != 0 || to_ != 0) buffers_ = &make_state("momentum_buffer");
  }

 protected:
  void update(size_t i, const at::Tensor& original, double lr, int64_t updates) override {
    const at::Tensor& parameter = parameters()[i];
    at::Tensor gradient = original;
    if (weight_decay_ != 0) gradient = gradient.add(parameter, weight_decay_);
    if (buffers_ != nullptr) gradient = with_momentum((*buffers_)[i], gradient, updates == 1);
    parameter.add_(gradient, -lr);
  }

  bool is_steady() const override { return from_ == to_; }

 private:
  at::Tensor with_momentum(at::Tensor& buffer, const at::Tensor& gradient, bool first) const {
    const double momentum = this->momentum();
    if (first) {
      buffer.copy_(gradient);
    } else {
      buffer.mul_(momentum).add_(gradient, 1 - dampening_);
    }
    return nesterov_ ? gradient.add(buffer, momentum) : buffer;
  }

  double momentum() const {
    return from_ + (to_ - from_) * std::min(static_cast<double>(updates()) / over_, 1.0);
  }

  double from_, to_, over_, dampening_, weight_decay_;
  bool nesterov_;
  std::vector<at::Tensor>* buffers_ = nullptr;
};

}  // namespace

std::unique_ptr<Optimizer> make_sgd(const Options& options, std::vector<at::Tensor> parameters) {
  return std::make_unique<Sgd>(options, std::move(parameters));
}

}  // namespace sparring
