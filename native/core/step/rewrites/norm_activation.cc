#include "core/step/rewrites/norm_activation.h"

#include <torch/csrc/autograd/custom_function.h>

#include "core/nn/activation.h"
#include "core/nn/normalization.h"
#include "core/step/rewrites/channels_last.h"
#include "core/step/rewrites/norm_kernels.h"
#include "core/step/rewrites/piecewise_linear.h"
#include "core/step/rewrites/rows.h"

namespace sparring {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// The format in which the channels lie side by side.
at::MemoryFormat format_of(const at::Tensor& x) {
  return x.dim() == 4 ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous;
}

at::Tensor plain(const at::Tensor& x, const NormPass& pass) {
  const auto& [rule, slope, together, is_alone] = pass;
  return bend(is_alone ? normalize_instances(x, rule.weight, rule.bias, rule.eps)
                       : normalize_batch(x, rule, together),
              slope);
}

class NormFunction : public torch::autograd::Function<NormFunction> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight,
                            const at::Tensor& shift, const NormPass* pass, const NormKernels* by) {
    const auto& [rule, slope, together, is_alone] = *pass;
    const auto as_rows = is_alone ? as_matrices : sparring::as_rows;
    const NormKernels& kernels = *by;
    const at::Tensor rows = as_rows(x), output = at::empty_like(x);
    BatchMoments batch{numbers_of(rows, weight), numbers_of(rows, weight), rows.size(-2)};
    kernels.take_statistics(rows, batch.mean, batch.variance);
    if (together) batch = together->whole(batch);
    if (!is_alone) keep_statistics(rule, batch);
    const at::Tensor scale = (batch.variance + rule.eps).rsqrt_(), factor = scale * weight;
    kernels.scale_and_bend(rows, factor, shift - batch.mean * factor, slope, as_rows(output));
    context->save_for_backward({x, weight, shift, output, batch.mean, scale});
    context->saved_data["eps"] = rule.eps;
    context->saved_data["slope"] = slope;
    context->saved_data["is_alone"] = is_alone;
    // Kernels stay for as long as the process lives.
    context->saved_data["kernels"] = reinterpret_cast<int64_t>(by);
    keep_for_backward(*context, together);
    return output;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &weight = saved[1], &mean = saved[4], &scale = saved[5];
    const double slope = context->saved_data["slope"].toDouble();
    const bool is_alone = context->saved_data["is_alone"].toBool();
    const auto as_rows = is_alone ? as_matrices : sparring::as_rows;
    const TogetherPtr together = kept_for_backward(*context);
    if (at::GradMode::is_enabled()) return differentiable(*context, saved, gradients[0]);
    const auto& kernels =
        *reinterpret_cast<const NormKernels*>(context->saved_data["kernels"].toInt());
    const NormGradient of{as_rows(gradients[0].contiguous(format_of(x))), as_rows(saved[3]),
                          as_rows(x), slope};
    const at::Tensor sum = at::empty_like(mean), dot = at::empty_like(mean);
    kernels.sum_gradients(of, mean, sum, dot);
    dot.mul_(scale);  // of the normalised x
    at::Tensor of_x;
    if (context->needs_input_grad(0)) {
      // dx = factor · (g - sum/n - normal · dot/n), with normal = (x - mean) · scale
      const auto [all, all_dot] = together ? together->whole_sums(sum, dot) : std::pair{sum, dot};
      const auto count = static_cast<double>(of.x.size(-2));
      const at::Tensor factor = scale * weight, along = all_dot * scale * factor / -count;
      const at::Tensor offset = factor * all / -count - mean * along;
      of_x = at::empty_like(x);
      kernels.combine(of, factor, along, offset, as_rows(of_x));
    }
    if (is_alone) return {of_x, dot.sum(0), sum.sum(0), {}, {}};
    return {of_x, dot, sum, {}, {}};
  }

 private:
  // Room for a number for each column, and group of rows if there are any.
  static at::Tensor numbers_of(const at::Tensor& rows, const at::Tensor& weight) {
    Shape shape = rows.sizes().vec();
    shape.erase(shape.end() - 2);
    return at::empty(shape, weight.options().requires_grad(false));
  }

  // By libtorch's backward pass of batch normalisation, which has a derivative of its own, for a
  // second derivative.
  static variable_list differentiable(AutogradContext& context, const variable_list& saved,
                                      const at::Tensor& gradient) {
    const at::Tensor &x = saved[0], &weight = saved[1];
    const at::Tensor bent = sloped(gradient, saved[3], context.saved_data["slope"].toDouble());
    const auto undone = [&](const at::Tensor& values, const at::Tensor& slopes,
                            const at::Tensor& factors) {
      const auto needs = [&](size_t i) { return context.needs_input_grad(i); };
      return at::native_batch_norm_backward(
          slopes, values, factors, {}, {}, saved[4].flatten(), saved[5].flatten(), /*train=*/true,
          context.saved_data["eps"].toDouble(), {needs(0), needs(1), needs(2)});
    };
    if (!context.saved_data["is_alone"].toBool()) {
      const auto [of_x, of_weight, of_shift] = undone(x, bent, weight);
      return {of_x, of_weight, of_shift, {}, {}};
    }
    // The channels of all samples as those of one.
    const int64_t samples = x.size(0), channels = x.size(1);
    const Shape merged{1, samples * channels, x.size(2), x.size(3)};
    const auto one = [&](const at::Tensor& all) { return channels_first(all).view(merged); };
    const auto sum = [&](const at::Tensor& each) {
      return each.defined() ? each.view({samples, channels}).sum(0) : each;
    };
    const auto [of_x, of_weight, of_shift] = undone(one(x), one(bent), weight.repeat(samples));
    const at::Tensor apart = of_x.defined() ? channels_last(of_x.view(x.sizes())) : of_x;
    return {apart, sum(of_weight), sum(of_shift), {}, {}};
  }
};

// Rows, or channels side by side.
bool suits(const at::Tensor& x, const NormPass& pass, const NormKernels& kernels) {
  return (x.dim() == 4 || x.dim() == 2) && (kernels.groups() || !pass.is_alone) &&
         kernels.take(x.scalar_type(), pass.rule.weight.scalar_type()) &&
         x.is_contiguous(format_of(x));
}

// The kernels for it; null where there are none, or where they would not pay.
const NormKernels* kernels_for(const at::Tensor& x) {
  // On the CPU there have to be rows enough that sharing them out pays.
  const bool is_small = x.is_cpu() && x.dim() == 2;
  return is_small ? nullptr : norm_kernels(x.device());
}

bool can_take(const NormKernels* kernels, const at::Tensor& x, const NormPass& pass) {
  return kernels != nullptr && pass.rule.weight.defined() && suits(x, pass, *kernels);
}

class NormActivation : public Module {
 public:
  NormActivation(std::shared_ptr<BatchNorm> norm, double slope)
      : norm_(std::move(norm)), slope_(slope) {}
  at::Tensor forward(const at::Tensor& x, const Context& context) override {
    const NormPass pass{norm_->rule(), slope_, context.together};
    if (!norm_->is_training() && pass.rule.running_mean.defined()) return evaluate(x, pass);
    if (norm_->batches().defined()) at::Tensor(norm_->batches()).add_(1);
    return normalized(x, pass);
  }
  bool needs_own_pass() const override { return true; }

 private:
  // By the running statistics, as nobody differentiates it: a factor and a shift for each channel.
  at::Tensor evaluate(const at::Tensor& x, const NormPass& pass) const {
    const NormKernels* const kernels = kernels_for(x);
    if (!can_take(kernels, x, pass)) return bend(norm_->forward(x, {}), pass.slope);
    const auto& [weight, bias, mean, variance, momentum, eps] = pass.rule;
    const at::Tensor factor = (variance + eps).rsqrt_() * weight, output = at::empty_like(x);
    kernels->scale_and_bend(as_rows(x), factor, bias - mean * factor, pass.slope, as_rows(output));
    return output;
  }

  std::shared_ptr<BatchNorm> norm_;
  double slope_;
};

}  // namespace

at::Tensor normalized(const at::Tensor& x, const NormPass& pass) {
  return normalized(x, pass, kernels_for(x));
}

at::Tensor normalized(const at::Tensor& x, const NormPass& pass, const NormKernels* kernels) {
  if (!can_take(kernels, x, pass)) return plain(x, pass);
  return NormFunction::apply(x, pass.rule.weight, pass.rule.bias, &pass, kernels);
}

Verdict fuse_norm_activation(const ModulePtr& norm, const ModulePtr& activation) {
  const auto bend = std::dynamic_pointer_cast<Activation>(activation);
  const auto batch_norm = std::dynamic_pointer_cast<BatchNorm>(norm);
  const auto other = std::dynamic_pointer_cast<Normalizing>(norm);
  if (!bend || (!batch_norm && !other)) return {};
  const auto [curve, slope] = bend->nonlinearity();
  // Below a slope of 0 the sign of the output would not tell that of the input.
  if (curve != Curve::kLeakyRelu || slope < 0) return refuse("it is for ReLU and leaky ReLU");
  const std::string off = other ? other->obstacle() : obstacle_of(*batch_norm);
  if (!off.empty()) return refuse(off);
  if (other) return {other->with_slope(slope), ""};
  return {std::make_shared<NormActivation>(batch_norm, slope), ""};
}

std::string obstacle_of(const BatchNorm& norm) {
  if (!norm.weight().defined()) return "the normalisation has no factors of its own";
  return norm_kernels_off(norm.weight().device());
}

}  // namespace sparring
