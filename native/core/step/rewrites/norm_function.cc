#include "core/step/rewrites/norm_function.h"

#include "core/step/rewrites/norm_gradient.h"
#include "core/step/rewrites/rows.h"

namespace sparring {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

std::array<bool, 3> needs_of(AutogradContext& context) {
  return {context.needs_input_grad(0), context.needs_input_grad(1), context.needs_input_grad(2)};
}

at::Tensor numbers_of(const at::Tensor& weight, at::IntArrayRef sizes) {
  return at::empty(sizes, weight.options().requires_grad(false));
}

class BatchNormFunction : public torch::autograd::Function<BatchNormFunction> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight,
                            const at::Tensor& shift, const NormPass* pass,
                            const NormKernels* kernels) {
    const auto& [rule, slope, together] = *pass;
    const at::Tensor rows = as_rows(x), output = at::empty_like(x);
    const Shape columns{x.size(1)};
    BatchMoments batch{numbers_of(weight, columns), numbers_of(weight, columns), rows.size(0)};
    kernels->take_statistics(rows, batch.mean, batch.variance);
    if (together) batch = together->whole(batch);
    keep_statistics(rule, batch);
    const at::Tensor scale = (batch.variance + rule.eps).rsqrt_();
    kernels->scale_and_bend(rows, {batch.mean, scale * weight, shift}, slope, as_rows(output));
    NormKept{x, weight, output, batch.mean, scale, /*groups=*/0, slope, rule.eps}.save(*context);
    // Kernels stay for as long as the process lives.
    context->saved_data["kernels"] = reinterpret_cast<int64_t>(kernels);
    keep_for_backward(*context, together);
    return output;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const NormKept kept = NormKept::by(*context, context->get_saved_variables());
    variable_list found = backward_by(kept, gradients[0], *context);
    found.resize(5);  // the pass and the kernels have none
    return found;
  }

 private:
  static variable_list backward_by(const NormKept& kept, const at::Tensor& gradient,
                                   AutogradContext& context) {
    const std::array<bool, 3> needs = needs_of(context);
    const TogetherPtr together = kept_for_backward(context);
    const auto& kernels =
        *reinterpret_cast<const NormKernels*>(context.saved_data["kernels"].toInt());
    if (at::GradMode::is_enabled()) {
      const bool has_loops =
          &kernels == &norm_kernels_of_cpu() && !together && kept.x.scalar_type() != at::kBFloat16;
      return differentiable_backward(kept, gradient, needs, has_loops);
    }
    const NormGradient of = kept.of(gradient);
    const NormSums own = batch_sums(of, kept, kernels);
    at::Tensor of_x;
    if (needs[0]) {
      NormSums all = own;
      if (together) std::tie(all.sum, all.dot) = together->whole_sums(own.sum, own.dot);
      of_x = batch_gradient_at_x(of, kept, all, kernels);
    }
    return {of_x, own.dot, own.sum};
  }
};

class SampleNormFunction : public torch::autograd::Function<SampleNormFunction> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight,
                            const at::Tensor& bias, double eps, int64_t groups, double slope) {
    NormKept kept{x, weight, at::empty_like(x), {}, {}, groups, slope, eps};
    const Shape numbers = kept.is_of_layer() ? Shape{x.size(0)} : Shape{x.size(0), x.size(1)};
    kept.mean = numbers_of(weight, numbers);
    kept.scale = numbers_of(weight, numbers);
    normalize_samples(kept.rows(x), {kept.factors(weight), kept.factors(bias), eps, groups}, slope,
                      kept.mean, kept.scale, kept.rows(kept.output));
    kept.save(*context);
    return kept.output;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const NormKept kept = NormKept::by(*context, context->get_saved_variables());
    variable_list found = backward_by(kept, gradients[0], needs_of(*context));
    found.resize(6);  // eps, groups and slope have none
    return found;
  }

 private:
  static variable_list backward_by(const NormKept& kept, const at::Tensor& gradient,
                                   const std::array<bool, 3>& needs) {
    if (at::GradMode::is_enabled()) {
      return differentiable_backward(kept, gradient, needs, /*has_loops=*/true);
    }
    const NormSums sums{at::empty_like(kept.mean), at::empty_like(kept.mean)};
    variable_list found(3);
    SampleDerivatives into;
    if (needs[0]) into.at_x = kept.rows(found[0] = at::empty_like(kept.x));
    if (needs[1] || needs[2]) {
      into.at_weight = kept.factors(found[1] = at::empty_like(kept.weight));
      into.at_bias = kept.factors(found[2] = at::empty_like(kept.weight));
    }
    differentiate_samples(kept.of(gradient),
                          {kept.factors(kept.weight), kept.mean, kept.scale, kept.groups}, sums,
                          into);
    return found;
  }
};

}  // namespace

at::Tensor normalized_by(const NormKernels& kernels, const at::Tensor& x, const NormPass& pass) {
  return BatchNormFunction::apply(x, pass.rule.weight, pass.rule.bias, &pass, &kernels);
}

at::Tensor normalized_alone(const at::Tensor& x, const SampleNormRule& rule, double slope) {
  return SampleNormFunction::apply(x, rule.weight, rule.bias, rule.eps, rule.groups, slope);
}

}  // namespace sparring
