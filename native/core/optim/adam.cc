// Adam (Kingma and Ba 2015) and AdamW (Loshchilov and Hutter 2019), as torch.optim computes them.
#include <cmath>

#include "core/optim/adam_kernel.h"
#include "core/optim/optimizer.h"

namespace sparring {
namespace {

class Adam : public Optimizer {
 public:
  Adam(const Options& options, std::vector<at::Tensor> parameters, bool decoupled)
      : Optimizer(std::move(parameters), options.number("lr")),
        beta1_(options.number("beta1")),
        beta2_(options.number("beta2")),
        eps_(options.number("eps")),
        weight_decay_(options.number("weightDecay")),
        decoupled_(decoupled),
        means_(make_state("exp_avg")),
        squares_(make_state("exp_avg_sq")) {
    for (const at::Tensor& parameter : this->parameters()) {
      steps_.push_back(at::zeros({}, parameter.options().dtype(at::kFloat)));
    }
    if (!steps_.empty() && steps_[0].is_cuda()) rate_ = at::zeros_like(steps_[0]);
  }

 protected:
  void update(size_t i, const at::Tensor& original, double lr, int64_t updates) override {
    const at::Tensor& parameter = parameters()[i];
    at::Tensor gradient = original;
    if (weight_decay_ != 0 && decoupled_) parameter.mul_(1 - lr * weight_decay_);
    if (weight_decay_ != 0 && !decoupled_) gradient = gradient.add(parameter, weight_decay_);
    means_[i].lerp_(gradient, 1 - beta1_);
    squares_[i].mul_(beta2_).addcmul_(gradient, gradient, 1 - beta2_);
    const double correction = std::sqrt(1 - std::pow(beta2_, static_cast<double>(updates)));
    const at::Tensor denominator = (squares_[i].sqrt() / correction).add_(eps_);
    const double step_size = lr / (1 - std::pow(beta1_, static_cast<double>(updates)));
    parameter.addcdiv_(means_[i], denominator, -step_size);
  }

  void update_all(const std::vector<size_t>& indices, const std::vector<at::Tensor>& gradients,
                  double lr) override {
    if (!rate_.defined()) return update_on_cpu(indices, gradients, lr);
    std::vector<at::Tensor> parameters, means, squares, steps;
    for (const size_t i : indices) {
      parameters.push_back(this->parameters()[i]);
      means.push_back(means_[i]);
      squares.push_back(squares_[i]);
      steps.push_back(steps_[i]);
    }
    at::_foreach_add_(steps, 1);
    if (decoupled_) {
      at::_fused_adamw_(parameters, gradients, means, squares, {}, steps, rate_, beta1_, beta2_,
                        weight_decay_, eps_, /*amsgrad=*/false, /*maximize=*/false);
    } else {
      at::_fused_adam_(parameters, gradients, means, squares, {}, steps, rate_, beta1_, beta2_,
                       weight_decay_, eps_, /*amsgrad=*/false, /*maximize=*/false);
    }
  }

  // The GPU's kernel counts on the device.
  void set_counts(Counts counts) override {
    for (size_t i = 0; rate_.defined() && i < steps_.size(); ++i) {
      steps_[i].fill_(counts.of_parameters[i]);
    }
    Optimizer::set_counts(std::move(counts));
  }

  bool averages_within() const override { return !rate_.defined(); }

  bool reads_rate() const override { return rate_.defined(); }

  void take_rate(double lr) override {
    if (!rate_.defined() || lr == rate_there_) return;
    rate_.fill_(lr);
    rate_there_ = lr;
  }

 private:
  // libtorch's fused kernel takes 16 µs for six small tensors.
  void update_on_cpu(const std::vector<size_t>& indices, const std::vector<at::Tensor>& gradients,
                     double lr) {
    const Following* const follower = following();
    for (size_t k = 0; k < indices.size(); ++k) {
      const size_t i = indices[k];
      const at::Tensor average = follower ? follower->averages[i] : at::Tensor();
      adam_update(parameters()[i], gradients[k], means_[i], squares_[i], average,
                  {lr, beta1_, beta2_, eps_, weight_decay_, decoupled_, parameter_updates(i),
                   follower ? follower->weight : 0});
    }
  }

  double beta1_, beta2_, eps_, weight_decay_;
  bool decoupled_;
  std::vector<at::Tensor>&means_, &squares_;
  // On a GPU alone, whose kernel counts and reads the rate there.
  std::vector<at::Tensor> steps_;
  at::Tensor rate_;
  double rate_there_ = 0;
};

}  // namespace

std::unique_ptr<Optimizer> make_adam(const Options& options, std::vector<at::Tensor> parameters) {
  return std::make_unique<Adam>(options, std::move(parameters), /*decoupled=*/false);
}

std::unique_ptr<Optimizer> make_adam_w(const Options& options, std::vector<at::Tensor> parameters) {
  return std::make_unique<Adam>(options, std::move(parameters), /*decoupled=*/true);
}

}  // namespace sparring
