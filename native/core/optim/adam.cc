#include "core/optim/adam.h"

#include <cmath>

namespace sparring {

Adam::Adam(std::vector<at::Tensor> parameters, const AdamOptions& options)
    : options_(options), parameters_(std::move(parameters)) {
  const at::NoGradGuard no_grad;
  for (const at::Tensor& parameter : parameters_) {
    means_.push_back(at::zeros_like(parameter, at::MemoryFormat::Preserve));
    squares_.push_back(at::zeros_like(parameter, at::MemoryFormat::Preserve));
    steps_.push_back(at::zeros({}, parameter.options().dtype(at::kFloat)));
  }
}

void Adam::step_exact(const std::vector<at::Tensor>& gradients) {
  const at::NoGradGuard no_grad;
  step_ += 1;
  const double correction1 = 1 - std::pow(options_.beta1, step_);
  const double correction2 = std::sqrt(1 - std::pow(options_.beta2, step_));
  const double step_size = options_.lr / correction1;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    at::Tensor gradient = gradients[i];
    if (options_.weight_decay != 0) {
      gradient = gradient.add(parameters_[i], options_.weight_decay);
    }
    means_[i].lerp_(gradient, 1 - options_.beta1);
    squares_[i].mul_(options_.beta2).addcmul_(gradient, gradient, 1 - options_.beta2);
    const at::Tensor denominator = (squares_[i].sqrt() / correction2).add_(options_.eps);
    parameters_[i].addcdiv_(means_[i], denominator, -step_size);
  }
}

void Adam::step_fused(const std::vector<at::Tensor>& gradients) {
  const at::NoGradGuard no_grad;
  step_ += 1;
  std::vector<at::Tensor> aligned;
  aligned.reserve(gradients.size());
  // On the CPU the kernel reads a gradient of other strides as if it were flat: silently wrong.
  for (size_t i = 0; i < gradients.size(); ++i) {
    const at::Tensor& gradient = gradients[i];
    const at::Tensor& parameter = parameters_[i];
    aligned.push_back(gradient.strides() == parameter.strides()
                          ? gradient
                          : at::empty_like(parameter).copy_(gradient));
  }
  at::_foreach_add_(steps_, 1);
  at::_fused_adam_(parameters_, aligned, means_, squares_, {}, steps_, options_.lr, options_.beta1,
                   options_.beta2, options_.weight_decay, options_.eps, /*amsgrad=*/false,
                   /*maximize=*/false);
}

int64_t Adam::bytes() const {
  int64_t total = 0;
  for (const auto* list : {&means_, &squares_, &steps_}) {
    for (const at::Tensor& tensor : *list) total += static_cast<int64_t>(tensor.nbytes());
  }
  return total;
}

}  // namespace sparring
