// RMSprop (Tieleman and Hinton 2012; centred: Graves 2013), as torch.optim.RMSprop computes it.
#include "core/optim/optimizer.h"

namespace sparring {
namespace {

class RmsProp : public Optimizer {
 public:
  RmsProp(const Options& options, std::vector<at::Tensor> parameters)
      : Optimizer(std::move(parameters), options.number("lr")),
        alpha_(options.number("alpha")),
        eps_(options.number("eps")),
        weight_decay_(options.number("weightDecay")),
        momentum_(options.number("momentum")),
        squares_(make_state("square_avg")) {
    if (options.flag("centered")) means_ = &make_state("grad_avg");
    if (momentum_ > 0) buffers_ = &make_state("momentum_buffer");
  }

 protected:
  void update(size_t i, const at::Tensor& original, double lr, int64_t) override {
    const at::Tensor& parameter = parameters()[i];
    at::Tensor gradient = original;
    if (weight_decay_ != 0) gradient = gradient.add(parameter, weight_decay_);
    squares_[i].mul_(alpha_).addcmul_(gradient, gradient, 1 - alpha_);
    const at::Tensor scale = root(i, gradient).add_(eps_);
    if (buffers_ != nullptr) {
      at::Tensor& buffer = (*buffers_)[i];
      buffer.mul_(momentum_).addcdiv_(gradient, scale);
      parameter.add_(buffer, -lr);
    } else {
      parameter.addcdiv_(gradient, scale, -lr);
    }
  }

  void update_all(const std::vector<size_t>& indices, const std::vector<at::Tensor>& gradients,
                  double lr) override {
    if (!is_on_cpu()) return Optimizer::update_all(indices, gradients, lr);
    for (size_t k = 0; k < indices.size(); ++k) {
      const size_t i = indices[k];
      rmsprop_update(
          {parameters()[i], gradients[k], squares_[i], of_one(means_, i), of_one(buffers_, i)},
          {lr, alpha_, eps_, weight_decay_, momentum_}, follower(i));
    }
  }

  bool averages_within() const override { return is_on_cpu(); }

 private:
  at::Tensor root(size_t i, const at::Tensor& gradient) const {
    if (means_ == nullptr) return squares_[i].sqrt();
    at::Tensor& mean = (*means_)[i];
    mean.lerp_(gradient, 1 - alpha_);
    return squares_[i].addcmul(mean, mean, -1).sqrt_();
  }

  double alpha_, eps_, weight_decay_, momentum_;
  std::vector<at::Tensor>& squares_;
  std::vector<at::Tensor>* means_ = nullptr;
  std::vector<at::Tensor>* buffers_ = nullptr;
};

}  // namespace

std::unique_ptr<Optimizer> make_rmsprop(const Options& options,
                                        std::vector<at::Tensor> parameters) {
  return std::make_unique<RmsProp>(options, std::move(parameters));
}

}  // namespace sparring
