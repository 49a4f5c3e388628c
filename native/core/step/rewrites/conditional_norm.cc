#include "core/step/rewrites/conditional_norm.h"

#include <ATen/Dispatch.h>

#include "core/nn/labels.h"
#include "core/nn/on_pixels.h"
#include "core/step/rewrites/norm_activation.h"
#include "core/step/rewrites/norm_gradient.h"
#include "core/step/rewrites/norm_loops.h"
#include "core/step/rewrites/piecewise_linear.h"
#include "core/step/rewrites/rows.h"

namespace sparring {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Lines of whole samples: their means are the batch's, [C], the rest is [N, C].
struct SampleLines {
  at::Tensor mean, along, offset;
  template <class T>
  Lines<T> of(const SampleMatrix<T>& one) const {
    return {mean.const_data_ptr<T>(), one.numbers(along), one.numbers(offset)};
  }
};

// output = leaky(lines of x), for x [N, H·W, C].
void scale_and_bend(const at::Tensor& x, const SampleLines& lines, double slope,
                    const at::Tensor& output) {
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "scale_and_bend", [&] {
    for_samples<scalar_t>(x, [&](const SampleMatrix<scalar_t>& one) {
      scale_and_bend_of<scalar_t>(one, one.values(x), lines.of(one), static_cast<scalar_t>(slope),
                                  one.values(output));
    });
  });
}

// At each sample by itself the sums of g, and of g · (x - mean): [N, C].
NormSums sample_sums(const NormGradient& of, const at::Tensor& mean) {
  const at::Tensor sum = at::empty({of.x.size(0), of.x.size(2)}, mean.options());
  const NormSums sums{sum, at::empty_like(sum)};
  AT_DISPATCH_FLOATING_TYPES(of.x.scalar_type(), "sample_sums", [&] {
    for_samples<scalar_t>(of.x, [&](const SampleMatrix<scalar_t>& one) {
      sum_gradients_of<scalar_t>(one, one.slopes(of), mean.const_data_ptr<scalar_t>(),
                                 one.numbers(sums.sum), one.numbers(sums.dot));
    });
  });
  return sums;
}

// into = g · factor + lines of x.
void combine(const NormGradient& of, const at::Tensor& factor, const SampleLines& lines,
             const at::Tensor& into) {
  AT_DISPATCH_FLOATING_TYPES(of.x.scalar_type(), "combine", [&] {
    for_samples<scalar_t>(of.x, [&](const SampleMatrix<scalar_t>& one) {
      combine_of<scalar_t>(one, one.slopes(of), {one.numbers(factor), lines.of(one)},
                           one.values(into));
    });
  });
}

// dx = scale · (h - mean(h) - normal · mean(h · normal)), with h = weight · g, whose means are
// those of all samples. `sums` have the dot with normal = (x - mean) · scale.
at::Tensor gradient_at_x(const NormKept& kept, const NormGradient& of, const NormSums& sums) {
  const at::Tensor weight = kept.weight.contiguous(), &scale = kept.scale;
  const auto values = static_cast<double>(of.x.size(0) * of.x.size(1));
  const at::Tensor mean_h = (weight * sums.sum).sum(0) / values,
                   mean_hn = (weight * sums.dot).sum(0) / values;
  const auto for_each = [&](const at::Tensor& one) { return one.expand_as(weight).contiguous(); };
  const at::Tensor into = at::empty_like(kept.x);
  combine(of, weight * scale,
          {kept.mean, for_each(-mean_hn * scale * scale), for_each(-mean_h * scale)},
          kept.rows(into));
  return into;
}

// Of operations that have derivatives of their own. Of aliases: x may come of the weight.
variable_list differentiable(const NormKept& kept, const at::Tensor& gradient) {
  const at::Tensor bent = sloped(gradient, kept.output, kept.slope);
  const at::Tensor x = at::alias(kept.x), weight = at::alias(kept.weight);
  const at::Tensor normal = at::batch_norm(x, {}, {}, {}, {}, /*training=*/true, /*momentum=*/0,
                                           kept.eps, /*cudnn_enabled=*/false);
  variable_list found = torch::autograd::grad({on_pixels(weight) * normal}, {x, weight}, {bent},
                                              true, /*create_graph=*/true);
  found.push_back(bent.sum({2, 3}));
  return found;
}

// x is [N, C, H, W], weight and bias are [N, C].
class ConditionalNormFunction : public torch::autograd::Function<ConditionalNormFunction> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight,
                            const at::Tensor& bias, const NormRule* rule, double slope) {
    const auto numbers = weight.options().requires_grad(false);
    NormKept kept{x, weight, at::empty_like(x), at::empty({x.size(1)}, numbers), {},
                  1, slope,  rule->eps};
    const at::Tensor rows = as_rows(x), variance = at::empty_like(kept.mean);
    norm_kernels_of_cpu().take_statistics(rows, kept.mean, variance);
    keep_statistics(*rule, {kept.mean, variance, rows.size(0)});
    kept.scale = (variance + rule->eps).rsqrt_();
    scale_and_bend(kept.rows(x), {kept.mean, weight * kept.scale, bias.contiguous()}, slope,
                   kept.rows(kept.output));
    kept.save(*context);
    return kept.output;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const NormKept kept = NormKept::by(*context, context->get_saved_variables());
    variable_list found = backward_by(kept, gradients[0], context->needs_input_grad(0));
    found.resize(5);  // the rule and the slope have none
    return found;
  }

 private:
  static variable_list backward_by(const NormKept& kept, const at::Tensor& gradient, bool at_x) {
    if (at::GradMode::is_enabled()) return differentiable(kept, gradient);
    const NormGradient of = kept.of(gradient);
    const NormSums sums = sample_sums(of, kept.mean);
    sums.dot.mul_(kept.scale);
    return {at_x ? gradient_at_x(kept, of, sums) : at::Tensor(), sums.dot, sums.sum};
  }
};

class ConditionalNorm : public Module, public Normalizing {
 public:
  explicit ConditionalNorm(std::shared_ptr<ConditionalBatchNorm> norm, double slope = 1)
      : norm_(std::move(norm)), slope_(slope) {}
  at::Tensor forward(const at::Tensor& x, const Context& context) override {
    const NormRule rule = norm_->norm()->rule();
    if (context.together || !suits(x, rule)) return bend(norm_->forward(x, context), slope_);
    const auto [weight, bias] = norm_->factors(context);
    if (!norm_->is_training()) return evaluate(x, {rule.running_mean, weight, bias}, rule);
    at::Tensor(norm_->norm()->batches()).add_(1);
    return ConditionalNormFunction::apply(x, weight, bias, &rule, slope_);
  }
  bool needs_own_pass() const override { return true; }
  ModulePtr with_slope(double slope) const override {
    return std::make_shared<ConditionalNorm>(norm_, slope);
  }
  std::string obstacle() const override { return ""; }

 private:
  // Whether the loops take such images.
  static bool suits(const at::Tensor& x, const NormRule& rule) {
    const at::ScalarType type = x.scalar_type();
    return x.is_cpu() && x.is_contiguous(at::MemoryFormat::ChannelsLast) &&
           (type == at::kFloat || type == at::kDouble) && rule.running_mean.scalar_type() == type;
  }
  // Nobody differentiates it.
  at::Tensor evaluate(const at::Tensor& x, const SampleLines& by, const NormRule& rule) const {
    const at::Tensor scale = (rule.running_var + rule.eps).rsqrt_(), output = at::empty_like(x);
    scale_and_bend(as_matrices(x), {by.mean, by.along * scale, by.offset.contiguous()}, slope_,
                   as_matrices(output));
    return output;
  }

  std::shared_ptr<ConditionalBatchNorm> norm_;
  double slope_;
};

}  // namespace

Verdict fuse_conditional_norm(const ModulePtr& norm) {
  const auto conditional = std::dynamic_pointer_cast<ConditionalBatchNorm>(norm);
  if (!conditional || !conditional->norm()->running_mean().is_cpu()) return {};
  return {std::make_shared<ConditionalNorm>(conditional), ""};
}

}  // namespace sparring
