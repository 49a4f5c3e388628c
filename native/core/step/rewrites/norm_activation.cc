#include "core/step/rewrites/norm_activation.h"

#include <torch/csrc/autograd/custom_function.h>

#include "core/nn/activation.h"
#include "core/step/rewrites/norm_kernels.h"

namespace sparring {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// [N, C, H, W] with its channels last, as [N·H·W, C]: no copy.
at::Tensor as_rows(const at::Tensor& images) {
  return images.permute({0, 2, 3, 1}).reshape({-1, images.size(1)});
}

at::Tensor plain(const at::Tensor& x, const NormPass& pass) {
  const at::Tensor normal =
      at::batch_norm(x, pass.weight, pass.shift, pass.running_mean, pass.running_var,
                     /*training=*/true, pass.momentum, pass.eps, /*cudnn_enabled=*/true);
  if (pass.slope == 1) return normal;
  return pass.slope == 0 ? at::relu(normal) : at::leaky_relu(normal, pass.slope);
}

void run_on(const NormPass& pass, const at::Tensor& mean, const at::Tensor& variance,
            int64_t rows) {
  if (!pass.running_mean.defined()) return;
  // As torch: the running variance is the unbiased one.
  const double unbiased = static_cast<double>(rows) / static_cast<double>(rows - 1);
  at::Tensor(pass.running_mean).mul_(1 - pass.momentum).add_(mean, pass.momentum);
  at::Tensor(pass.running_var).mul_(1 - pass.momentum).add_(variance, pass.momentum * unbiased);
}

class NormFunction : public torch::autograd::Function<NormFunction> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight,
                            const at::Tensor& shift, const NormPass* pass) {
    const at::Tensor rows = as_rows(x), output = at::empty_like(x), mean = at::empty_like(weight),
                     variance = at::empty_like(weight);
    norm_kernels::take_statistics(rows, mean, variance);
    run_on(*pass, mean, variance, rows.size(0));
    const at::Tensor scale = (variance + pass->eps).rsqrt_(), factor = scale * weight;
    norm_kernels::scale_and_bend(rows, factor, shift - mean * factor, pass->slope, as_rows(output));
    context->save_for_backward({x, weight, shift, output, mean, scale});
    context->saved_data["eps"] = pass->eps;
    context->saved_data["slope"] = pass->slope;
    return output;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &weight = saved[1], &mean = saved[4], &scale = saved[5];
    const double slope = context->saved_data["slope"].toDouble();
    if (at::GradMode::is_enabled()) return differentiable(*context, saved, gradients[0]);
    const at::Tensor rows = as_rows(x), output = as_rows(saved[3]);
    const at::Tensor gradient = as_rows(gradients[0].contiguous(at::MemoryFormat::ChannelsLast));
    const at::Tensor sum = at::empty_like(weight), dot = at::empty_like(weight);
    norm_kernels::sum_gradients(gradient, output, rows, mean, slope, sum, dot);
    dot.mul_(scale);  // of the normalised x
    at::Tensor of_x;
    if (context->needs_input_grad(0)) {
      // dx = factor · (g - sum/n - normal · dot/n), with normal = (x - mean) · scale
      const auto count = static_cast<double>(rows.size(0));
      const at::Tensor factor = scale * weight, along = dot * scale * factor / -count;
      const at::Tensor offset = factor * sum / -count - mean * along;
      of_x = at::empty_like(x);
      norm_kernels::combine(gradient, output, rows, factor, along, offset, slope, as_rows(of_x));
    }
    return {of_x, dot, sum, {}};
  }

 private:
  // The same with a graph of its own, for a second derivative.
  static variable_list differentiable(AutogradContext& context, const variable_list& saved,
                                      const at::Tensor& gradient) {
    const NormPass pass{saved[1],
                        saved[2],
                        {},
                        {},
                        0,
                        context.saved_data["eps"].toDouble(),
                        context.saved_data["slope"].toDouble()};
    const at::Tensor output = plain(saved[0], pass);
    variable_list wanted;
    for (size_t i = 0; i < 3; ++i) {
      if (context.needs_input_grad(i)) wanted.push_back(saved[i]);
    }
    const variable_list found =
        torch::autograd::grad({output}, wanted, {gradient}, true, /*create_graph=*/true);
    variable_list all(4);
    for (size_t i = 0, next = 0; i < 3; ++i) {
      if (context.needs_input_grad(i)) all[i] = found[next++];
    }
    return all;
  }
};

// Rows enough that sharing them out pays, and channels side by side.
bool suits(const at::Tensor& x, const NormPass& pass) {
  const bool floating = x.scalar_type() == at::kFloat || x.scalar_type() == at::kDouble;
  return x.is_cpu() && x.dim() == 4 && floating && x.scalar_type() == pass.weight.scalar_type() &&
         x.is_contiguous(at::MemoryFormat::ChannelsLast);
}

class NormActivation : public Module {
 public:
  NormActivation(std::shared_ptr<BatchNorm> norm, double slope)
      : norm_(std::move(norm)), slope_(slope) {}
  at::Tensor forward(const at::Tensor& x, const Context&) override {
    if (norm_->batches().defined()) at::Tensor(norm_->batches()).add_(1);
    return normalized(x, {norm_->weight(), norm_->bias(), norm_->running_mean(),
                          norm_->running_var(), norm_->momentum(), norm_->eps(), slope_});
  }
  bool needs_own_pass() const override { return true; }

 private:
  std::shared_ptr<BatchNorm> norm_;
  double slope_;
};

}  // namespace

at::Tensor normalized(const at::Tensor& x, const NormPass& pass) {
  if (!pass.weight.defined() || !suits(x, pass)) return plain(x, pass);
  return NormFunction::apply(x, pass.weight, pass.shift, &pass);
}

Verdict fuse_norm_activation(const ModulePtr& norm, const ModulePtr& activation) {
  const auto bend = std::dynamic_pointer_cast<Activation>(activation);
  const auto batch_norm = std::dynamic_pointer_cast<BatchNorm>(norm);
  const auto other = std::dynamic_pointer_cast<Normalizing>(norm);
  if (!bend || (!batch_norm && !other)) return {};
  const auto [curve, slope] = bend->nonlinearity();
  // Below a slope of 0 the sign of the output would not tell that of the input.
  if (curve != Curve::kLeakyRelu || slope < 0) return refuse("it is for ReLU and leaky ReLU");
  if (other) return {other->with_slope(slope), ""};
  if (!batch_norm->weight().defined()) return refuse("the normalisation has no factors of its own");
  return {std::make_shared<NormActivation>(batch_norm, slope), ""};
}

}  // namespace sparring
