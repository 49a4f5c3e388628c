// Adam (Kingma and Ba 2015) and AdamW (Loshchilov and Hutter 2019), as torch.optim computes them;
// both also with AMSGrad (Reddi, Kale and Kumar 2018).
#include <cmath>

#include "core/optim/adam_kernel.h"
#include "core/optim/optimizer.h"

namespace sparring {
namespace {

class Adam : public Optimizer {
 public:
  Adam(const Options& options, std::vector<at::Tensor> parameters, bool decoupled)
      : Optimizer(std::move(parameters), options.number("lr")),
        of_{options.number("beta1"), options.number("beta2"), options.number("eps"),
            options.number("weightDecay"), decoupled},
        means_(make_state("exp_avg")),
        squares_(make_state("exp_avg_sq")),
        largest_squares_(options.flag("amsgrad") ? &make_state("max_exp_avg_sq") : nullptr) {
    for (const at::Tensor& parameter : this->parameters()) {
      steps_.push_back(at::zeros({}, parameter.options().dtype(at::kFloat)));
    }
    if (!steps_.empty() && !steps_[0].is_cpu()) work_on_device(adam_kernel(steps_[0].device()));
  }

  // Counts and rates are there from here on.
  void work_on_device(const AdamKernel* kernel) {
    if (largest_squares_ == nullptr) kernel_ = kernel;
    rate_ = at::zeros_like(steps_[0]);
  }

 protected:
  void update(size_t i, const at::Tensor& original, double lr, int64_t updates) override {
    const at::Tensor& parameter = parameters()[i];
    at::Tensor gradient = original;
    if (of_.weight_decay != 0 && of_.decoupled) parameter.mul_(1 - lr * of_.weight_decay);
    if (of_.weight_decay != 0 && !of_.decoupled)
      gradient = gradient.add(parameter, of_.weight_decay);
    means_[i].lerp_(gradient, 1 - of_.beta1);
    squares_[i].mul_(of_.beta2).addcmul_(gradient, gradient, 1 - of_.beta2);
    const double correction = std::sqrt(1 - std::pow(of_.beta2, static_cast<double>(updates)));
    const at::Tensor denominator = (under_the_mean(i).sqrt() / correction).add_(of_.eps);
    const double step_size = lr / (1 - std::pow(of_.beta1, static_cast<double>(updates)));
    parameter.addcdiv_(means_[i], denominator, -step_size);
  }

  void update_all(const std::vector<size_t>& indices, const std::vector<at::Tensor>& gradients,
                  double lr) override {
    if (!rate_.defined()) return update_on_cpu(indices, gradients, lr);
    if (kernel_ != nullptr && following()) return update_and_average(indices, gradients);
    update_by_libtorch(indices, gradients);
  }

  // A GPU's kernels count on the device.
  void set_counts(Counts counts) override {
    for (size_t i = 0; rate_.defined() && i < steps_.size(); ++i) {
      steps_[i].fill_(counts.of_parameters[i]);
    }
    Optimizer::set_counts(std::move(counts));
  }

  bool averages_within() const override { return !rate_.defined() || kernel_ != nullptr; }

  bool reads_rate() const override { return rate_.defined(); }

  void take_rate(double lr) override {
    if (!rate_.defined() || lr == rate_there_) return;
    rate_.fill_(lr);
    rate_there_ = lr;
  }

 private:
  // The squares whose root divides the mean.
  const at::Tensor& under_the_mean(size_t i) const {
    if (largest_squares_ == nullptr) return squares_[i];
    at::Tensor& largest = (*largest_squares_)[i];
    return at::maximum_out(largest, largest, squares_[i]);
  }

  AdamTensors tensors_of(size_t i, const at::Tensor& gradient) const {
    return {parameters()[i],    gradient, means_[i], squares_[i], of_one(largest_squares_, i),
            follower(i).average};
  }

  // libtorch's fused kernel takes 16 µs for six small tensors.
  void update_on_cpu(const std::vector<size_t>& indices, const std::vector<at::Tensor>& gradients,
                     double lr) {
    for (size_t k = 0; k < indices.size(); ++k) {
      const size_t i = indices[k];
      adam_update(tensors_of(i, gradients[k]), of_, {lr, parameter_updates(i), follower(i).weight});
    }
  }

  void update_and_average(const std::vector<size_t>& indices,
                          const std::vector<at::Tensor>& gradients) {
    std::vector<AdamTensors> tensors;
    AdamKernel::Numbers numbers{rate_, {}, following()->weight_there};
    for (size_t k = 0; k < indices.size(); ++k) {
      tensors.push_back(tensors_of(indices[k], gradients[k]));
      numbers.updates.push_back(steps_[indices[k]]);
    }
    kernel_->update(tensors, of_, numbers);
  }

  void update_by_libtorch(const std::vector<size_t>& indices,
                          const std::vector<at::Tensor>& gradients) {
    const bool amsgrad = largest_squares_ != nullptr;
    std::vector<at::Tensor> parameters, means, squares, largest_squares, steps;
    for (const size_t i : indices) {
      parameters.push_back(this->parameters()[i]);
      means.push_back(means_[i]);
      squares.push_back(squares_[i]);
      if (amsgrad) largest_squares.push_back((*largest_squares_)[i]);
      steps.push_back(steps_[i]);
    }
    at::_foreach_add_(steps, 1);
    if (of_.decoupled) {
      at::_fused_adamw_(parameters, gradients, means, squares, largest_squares, steps, rate_,
                        of_.beta1, of_.beta2, of_.weight_decay, of_.eps, amsgrad,
                        /*maximize=*/false);
    } else {
      at::_fused_adam_(parameters, gradients, means, squares, largest_squares, steps, rate_,
                       of_.beta1, of_.beta2, of_.weight_decay, of_.eps, amsgrad,
                       /*maximize=*/false);
    }
  }

  AdamConstants of_;
  std::vector<at::Tensor>&means_, &squares_;
  // With AMSGrad alone.
  std::vector<at::Tensor>* const largest_squares_;
  // On a GPU alone, whose kernels count and read the rate there. libtorch's knows no average; ours
  // knows no AMSGrad, and is null where there is none.
  const AdamKernel* kernel_ = nullptr;
  std::vector<at::Tensor> steps_;
  at::Tensor rate_;
  double rate_there_ = 0;
};

}  // namespace

std::unique_ptr<Optimizer> make_adam(const Options& options, std::vector<at::Tensor> parameters) {
  return std::make_unique<Adam>(options, std::move(parameters), /*decoupled=*/false);
}

std::unique_ptr<Optimizer> make_adam_by(const AdamKernel& kernel, const Options& options,
                                        std::vector<at::Tensor> parameters, bool decoupled) {
  auto adam = std::make_unique<Adam>(options, std::move(parameters), decoupled);
  adam->work_on_device(&kernel);
  return adam;
}

std::unique_ptr<Optimizer> make_adam_w(const Options& options, std::vector<at::Tensor> parameters) {
  return std::make_unique<Adam>(options, std::move(parameters), /*decoupled=*/true);
}

}  // namespace sparring
