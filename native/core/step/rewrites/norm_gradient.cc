#include "core/step/rewrites/norm_gradient.h"

#include "core/step/rewrites/channels_last.h"
#include "core/step/rewrites/norm_second.h"
#include "core/step/rewrites/piecewise_linear.h"
#include "core/step/rewrites/rows.h"
#include "core/step/rewrites/sample_norm_kernels.h"

namespace sparring {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// The format in which the channels lie side by side.
at::MemoryFormat format_of(const at::Tensor& x) {
  return x.dim() == 4 ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous;
}

// Without a bias.
at::Tensor normal_by_torch(const at::Tensor& x, const at::Tensor& weight, const NormKept& kept) {
  const at::Tensor first = channels_first(x);
  if (kept.is_of_layer()) {
    return at::layer_norm(first, x.sizes().slice(1), channels_first(weight)[0], {}, kept.eps);
  }
  return at::group_norm(first, kept.groups, weight, /*bias=*/{}, kept.eps);
}

// Gradients at x, the weight and the bias, by libtorch.
variable_list backward_by_torch(const NormKept& kept, const at::Tensor& gradient,
                                const std::array<bool, 3>& needs) {
  const at::Tensor bent = sloped(gradient, kept.output, kept.slope);
  if (kept.groups == 0) {
    const auto [of_x, of_weight, of_shift] =
        at::native_batch_norm_backward(bent, kept.x, kept.weight, {}, {}, kept.mean, kept.scale,
                                       /*train=*/true, kept.eps, needs);
    return {of_x, of_weight, of_shift};
  }
  // Of aliases: x may come of the weight.
  const at::Tensor x = at::alias(kept.x), weight = at::alias(kept.weight);
  const at::Tensor normal = normal_by_torch(x, weight, kept);
  variable_list inputs, found(3);
  if (needs[0]) inputs.push_back(x);
  if (needs[1]) inputs.push_back(weight);
  const variable_list slopes =
      torch::autograd::grad({normal}, inputs, {bent}, true, /*create_graph=*/true);
  if (needs[0]) found[0] = channels_last(slopes[0]);
  if (needs[1]) found[1] = slopes.back();
  if (needs[2]) found[2] = kept.is_of_layer() ? bent.sum(0, true) : bent.sum({0, 2, 3});
  return found;
}

// The gradient at x as a function of the gradient, x and the weight, with its derivative.
class NormGradientFunction : public torch::autograd::Function<NormGradientFunction> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& gradient,
                            const at::Tensor& x, const at::Tensor& weight, const NormKept* given) {
    NormKept kept = *given;
    kept.x = x;
    kept.weight = weight;
    const auto [of_x, sums] = gradient_at_x(kept.of(gradient), kept);
    kept.save(*context, {gradient, sums.sum, sums.dot});
    return of_x;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const NormKept kept = NormKept::by(*context, saved);
    const at::Tensor* more = &saved[NormKept::kOwn];
    if (at::GradMode::is_enabled()) return by_torch(kept, more[0], gradients[0]);
    variable_list found = by_loops(kept, more[0], {more[1], more[2]}, gradients[0]);
    found.emplace_back();
    return found;
  }

 private:
  static std::pair<at::Tensor, NormSums> gradient_at_x(const NormGradient& of,
                                                       const NormKept& kept) {
    if (kept.groups == 0) {
      const NormKernels& kernels = norm_kernels_of_cpu();
      const NormSums sums = batch_sums(of, kept, kernels);
      return {batch_gradient_at_x(of, kept, sums, kernels), sums};
    }
    const NormSums sums{at::empty_like(kept.mean), at::empty_like(kept.mean)};
    const at::Tensor of_x = at::empty_like(kept.x);
    differentiate_samples(of, {kept.factors(kept.weight), kept.mean, kept.scale, kept.groups}, sums,
                          {kept.rows(of_x), {}, {}});
    return {of_x, sums};
  }

  static variable_list by_loops(const NormKept& kept, const at::Tensor& gradient,
                                const NormSums& sums, const at::Tensor& given) {
    const at::Tensor at_gradient = at::empty_like(kept.x), at_x = at::empty_like(kept.x),
                     at_weight = at::empty_like(kept.weight);
    const int64_t groups = kept.groups == 0 ? kept.x.size(1) : kept.groups;
    differentiate_again(
        kept.of(gradient), kept.rows(given),
        {kept.factors(kept.weight), kept.mean, kept.scale, sums.sum, sums.dot, groups},
        {kept.rows(at_gradient), kept.rows(at_x), kept.factors(at_weight)});
    return {at_gradient, at_x, at_weight};
  }

  // For a third derivative. Of aliases: the gradient may come of x, and x of the weight.
  static variable_list by_torch(const NormKept& kept, const at::Tensor& gradient,
                                const at::Tensor& given) {
    NormKept other = kept;
    other.x = at::alias(kept.x);
    other.weight = at::alias(kept.weight);
    const variable_list all{gradient, other.x, other.weight};
    const at::Tensor of_x = backward_by_torch(other, all[0], {true, false, false})[0];
    variable_list inputs, found(4);
    for (const at::Tensor& one : all) {
      if (one.requires_grad()) inputs.push_back(one);
    }
    const variable_list slopes =
        torch::autograd::grad({of_x}, inputs, {given}, true,
                              /*create_graph=*/true, /*allow_unused=*/true);
    auto next = slopes.begin();
    for (size_t i = 0; i < all.size(); ++i) {
      if (all[i].requires_grad()) found[i] = *next++;
    }
    return found;
  }
};

}  // namespace

void NormKept::save(AutogradContext& context, variable_list more) const {
  variable_list all{x, weight, output, mean, scale};
  all.insert(all.end(), more.begin(), more.end());
  context.save_for_backward(all);
  context.saved_data["groups"] = groups;
  context.saved_data["slope"] = slope;
  context.saved_data["eps"] = eps;
}

NormKept NormKept::by(AutogradContext& context, const variable_list& saved) {
  auto& data = context.saved_data;
  return {saved[0],
          saved[1],
          saved[2],
          saved[3],
          saved[4],
          data["groups"].toInt(),
          data["slope"].toDouble(),
          data["eps"].toDouble()};
}

at::Tensor NormKept::rows(const at::Tensor& images) const {
  const at::Tensor alike = images.contiguous(format_of(x));
  return groups == 0 ? as_rows(alike) : as_matrices(alike);
}

at::Tensor NormKept::factors(const at::Tensor& alike) const {
  return is_of_layer() ? as_matrices(alike)[0] : alike;
}

NormGradient NormKept::of(const at::Tensor& gradient) const {
  const at::Tensor given = rows(gradient);
  // Where nothing is bent, no sign matters: so it is asked of what is read anyway.
  return {given, slope == 1 ? given : rows(output), rows(x), slope};
}

NormSums batch_sums(const NormGradient& of, const NormKept& kept, const NormKernels& kernels) {
  const NormSums sums{at::empty_like(kept.mean), at::empty_like(kept.mean)};
  kernels.sum_gradients(of, kept.mean, sums.sum, sums.dot);
  sums.dot.mul_(kept.scale);
  return sums;
}

at::Tensor batch_gradient_at_x(const NormGradient& of, const NormKept& kept, const NormSums& sums,
                               const NormKernels& kernels) {
  const auto rows = static_cast<double>(of.x.size(0));
  const at::Tensor &weight = kept.weight, &scale = kept.scale;
  const at::Tensor along = weight * sums.dot / rows * scale * scale.neg();
  const at::Tensor offset = weight * sums.sum / rows * scale.neg();
  const at::Tensor of_x = at::empty_like(kept.x);
  kernels.combine(of, scale * weight, {kept.mean, along, offset}, kept.rows(of_x));
  return of_x;
}

variable_list differentiable_backward(const NormKept& kept, const at::Tensor& gradient,
                                      const std::array<bool, 3>& needs, bool has_loops) {
  if (!has_loops || needs[1] || needs[2]) return backward_by_torch(kept, gradient, needs);
  NormKept constant = kept;
  constant.output = kept.output.detach();  // for its sign
  return {NormGradientFunction::apply(gradient, kept.x, kept.weight, &constant), {}, {}};
}

}  // namespace sparring
