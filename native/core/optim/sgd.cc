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

  void update_all(const std::vector<size_t>& indices, const std::vector<at::Tensor>& gradients,
                  double lr) override {
    if (!is_on_cpu()) return Optimizer::update_all(indices, gradients, lr);
    for (size_t k = 0; k < indices.size(); ++k) {
      const size_t i = indices[k];
      const SgdNumbers numbers = numbers_of(lr, parameter_updates(i) == 1);
      sgd_update(parameters()[i], gradients[k], of_one(buffers_, i), numbers, follower(i));
    }
  }

  bool averages_within() const override { return is_on_cpu(); }

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

  // with_momentum() as numbers.
  SgdNumbers numbers_of(double lr, bool first) const {
    const double momentum = this->momentum();
    SgdNumbers numbers{lr, weight_decay_, momentum, 1 - dampening_, 0, 1};
    if (first) numbers.keep = 0, numbers.take = 1;
    if (nesterov_) numbers.along_gradient = 1, numbers.along_buffer = momentum;
    return numbers;
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
