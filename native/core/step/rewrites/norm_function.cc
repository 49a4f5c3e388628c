#include "core/step/rewrites/norm_function.h"

#include <torch/csrc/autograd/custom_function.h>

#include "core/nn/normalization.h"
#include "core/step/rewrites/channels_last.h"
#include "core/step/rewrites/norm_second.h"
#include "core/step/rewrites/piecewise_linear.h"
#include "core/step/rewrites/rows.h"

namespace sparring {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Which values have their mean and variance together, of what NormPass calls groups. Numbers are
// those of columns: [C], or [N, C] where samples are normalised by themselves.
class Shares {
 public:
  explicit Shares(int64_t groups) : groups_(groups) {}

  at::Tensor rows(const at::Tensor& x) const { return is_alone() ? as_matrices(x) : as_rows(x); }
  // The sizes of such numbers.
  Shape columns(const at::Tensor& x) const {
    return is_alone() ? Shape{x.size(0), x.size(1)} : Shape{x.size(1)};
  }
  // The sum over the columns that share, at each of them.
  at::Tensor sum(const at::Tensor& of_columns) const {
    if (columns_of(of_columns) == 1) return of_columns;
    const at::Tensor grouped = of_columns.view({of_columns.size(0), groups_, -1});
    return grouped.sum({-1}, /*keepdim=*/true).expand_as(grouped).reshape(of_columns.sizes());
  }
  // The mean over so many rows of the columns that share.
  at::Tensor mean(const at::Tensor& sums, int64_t rows) const {
    return sum(sums) / static_cast<double>(rows * columns_of(sums));
  }
  // Mean and variance of columns as those of all that share.
  void merge(at::Tensor& mean, at::Tensor& variance) const {
    if (columns_of(mean) == 1) return;
    const at::Tensor whole = this->mean(mean, 1);
    variance = this->mean(variance + (mean - whole).square(), 1);
    mean = whole;
  }
  // Of all samples: for the parameters.
  at::Tensor in_all(const at::Tensor& of_columns) const {
    return is_alone() ? of_columns.sum(0) : of_columns;
  }
  bool is_alone() const { return groups_ > 0; }
  int64_t groups() const { return groups_; }

 private:
  int64_t columns_of(const at::Tensor& of_columns) const {
    return is_alone() ? of_columns.size(-1) / groups_ : 1;
  }

  int64_t groups_;
};

// The format in which the channels lie side by side.
at::MemoryFormat format_of(const at::Tensor& x) {
  return x.dim() == 4 ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous;
}

// What a pass leaves to its derivatives.
struct Kept {
  at::Tensor x, weight, output, mean, scale;
  Shares shares;
  double slope, eps;
  const NormKernels* kernels;

  void save(AutogradContext& context, variable_list more = {}) const {
    variable_list all{x, weight, output, mean, scale};
    all.insert(all.end(), more.begin(), more.end());
    context.save_for_backward(all);
    context.saved_data["groups"] = shares.groups();
    context.saved_data["slope"] = slope;
    context.saved_data["eps"] = eps;
    // Kernels stay for as long as the process lives.
    context.saved_data["kernels"] = reinterpret_cast<int64_t>(kernels);
  }
  static Kept by(AutogradContext& context, const variable_list& saved) {
    auto& data = context.saved_data;
    return {saved[0],
            saved[1],
            saved[2],
            saved[3],
            saved[4],
            Shares(data["groups"].toInt()),
            data["slope"].toDouble(),
            data["eps"].toDouble(),
            reinterpret_cast<const NormKernels*>(data["kernels"].toInt())};
  }

  NormGradient of(const at::Tensor& gradient) const {
    return {rows(gradient), shares.rows(output), shares.rows(x), slope};
  }
  at::Tensor rows(const at::Tensor& images) const {
    return shares.rows(images.contiguous(format_of(x)));
  }
};

// Sums over the rows of g and of g · normal, with normal = (x - mean) · scale.
struct Sums {
  at::Tensor sum, dot;
};

Sums sums_of(const NormGradient& of, const Kept& kept) {
  const Sums sums{at::empty_like(kept.mean), at::empty_like(kept.mean)};
  kept.kernels->sum_gradients(of, kept.mean, sums.sum, sums.dot);
  sums.dot.mul_(kept.scale);
  return sums;
}

// dx = scale · (h - mean(h) - normal · mean(h · normal)), with h = weight · g.
at::Tensor gradient_at_x(const NormGradient& of, const Kept& kept, const Sums& sums) {
  const int64_t rows = of.x.size(-2);
  const at::Tensor mean = kept.shares.mean(kept.weight * sums.sum, rows);
  const at::Tensor along =
      kept.shares.mean(kept.weight * sums.dot, rows) * kept.scale * kept.scale.neg();
  const at::Tensor offset = mean * kept.scale.neg() - kept.mean * along;
  const at::Tensor of_x = at::empty_like(kept.x);
  kept.kernels->combine(of, kept.scale * kept.weight, along, offset, kept.shares.rows(of_x));
  return of_x;
}

// The backward pass by operations that have derivatives of their own.
variable_list backward_by_torch(const Kept& kept, const at::Tensor& gradient,
                                const std::array<bool, 3>& needs) {
  const at::Tensor bent = sloped(gradient, kept.output, kept.slope);
  if (!kept.shares.is_alone()) {
    const auto [of_x, of_weight, of_shift] =
        at::native_batch_norm_backward(bent, kept.x, kept.weight, {}, {}, kept.mean, kept.scale,
                                       /*train=*/true, kept.eps, needs);
    return {of_x, of_weight, of_shift};
  }
  // Of aliases: x may come of the weight.
  const at::Tensor x = at::alias(kept.x), weight = at::alias(kept.weight);
  const at::Tensor normal =
      at::group_norm(channels_first(x), kept.shares.groups(), weight, /*bias=*/{}, kept.eps);
  variable_list inputs, found(3);
  if (needs[0]) inputs.push_back(x);
  if (needs[1]) inputs.push_back(weight);
  const variable_list slopes =
      torch::autograd::grad({normal}, inputs, {bent}, true, /*create_graph=*/true);
  if (needs[0]) found[0] = channels_last(slopes[0]);
  if (needs[1]) found[1] = slopes.back();
  if (needs[2]) found[2] = bent.sum({0, 2, 3});
  return found;
}

// The backward pass as a function of the gradient, x and the weight, with its derivative: that of
// sum(v · dx), dx as gradient_at_x has it. With n = normal and means over what shares statistics,
//   at g: weight · scale · (v - mean(v) - n · mean(v · n))
//   at x: -scale² · (mean(h · n) · (v - mean(v)) + mean(v · n) · (h - mean(h))
//         + n · (mean(v · h) - mean(v) · mean(h) - 3 · mean(v · n) · mean(h · n)))
class NormGradientFunction : public torch::autograd::Function<NormGradientFunction> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& gradient,
                            const at::Tensor& x, const at::Tensor& weight, const Kept* given) {
    Kept kept = *given;
    kept.x = x;
    kept.weight = weight;
    const NormGradient of = kept.of(gradient);
    const Sums sums = sums_of(of, kept);
    kept.save(*context, {gradient, sums.sum, sums.dot});
    return gradient_at_x(of, kept, sums);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const Kept kept = Kept::by(*context, saved);
    if (at::GradMode::is_enabled()) return by_torch(kept, saved[5], gradients[0]);
    variable_list found = by_kernels(kept, saved[5], {saved[6], saved[7]}, gradients[0]);
    found.emplace_back();
    return found;
  }

 private:
  static variable_list by_kernels(const Kept& kept, const at::Tensor& gradient, const Sums& sums,
                                  const at::Tensor& given) {
    const auto& shares = kept.shares;
    const at::Tensor &weight = kept.weight, &scale = kept.scale;
    const NormGradient of = kept.of(gradient);
    const at::Tensor v = kept.rows(given);
    const SecondSums second{at::empty_like(scale), at::empty_like(scale), at::empty_like(scale)};
    sum_second(of, v, kept.mean, second);
    second.dot.mul_(scale);
    const auto mean = [&](const at::Tensor& all) { return shares.mean(all, of.x.size(-2)); };
    const at::Tensor mean_v = mean(second.sum), mean_vn = mean(second.dot);
    const at::Tensor mean_h = mean(weight * sums.sum), mean_hn = mean(weight * sums.dot);
    const at::Tensor mean_vh = mean(weight * second.product);

    SecondFactors by;
    by.v_to_gradient = scale * weight;
    by.x_to_gradient = by.v_to_gradient * scale * mean_vn.neg();
    by.to_gradient = by.v_to_gradient * mean_v.neg() - by.x_to_gradient * kept.mean;
    const at::Tensor squared = scale.square().neg_();
    by.v_to_x = squared * mean_hn;
    by.g_to_x = squared * mean_vn * weight;
    by.x_to_x = squared * scale * (mean_vh - mean_v * mean_h - mean_vn * mean_hn * 3);
    by.to_x = by.v_to_x * mean_v.neg() - squared * mean_vn * mean_h - by.x_to_x * kept.mean;
    const at::Tensor at_gradient = at::empty_like(kept.x), at_x = at::empty_like(kept.x);
    combine_second(of, v, by, shares.rows(at_gradient), shares.rows(at_x));
    const at::Tensor at_weight = scale * (second.product - mean_v * sums.sum - mean_vn * sums.dot);
    return {at_gradient, at_x, shares.in_all(at_weight)};
  }

  // For a third derivative. Of aliases: the gradient may come of x, and x of the weight.
  static variable_list by_torch(const Kept& kept, const at::Tensor& gradient,
                                const at::Tensor& given) {
    Kept other = kept;
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

class NormFunction : public torch::autograd::Function<NormFunction> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight,
                            const at::Tensor& shift, const NormPass* pass,
                            const NormKernels* kernels) {
    const auto& [rule, slope, together, groups] = *pass;
    const Shares shares(groups);
    const at::Tensor rows = shares.rows(x), output = at::empty_like(x);
    const auto numbers = [&] {
      return at::empty(shares.columns(x), weight.options().requires_grad(false));
    };
    BatchMoments batch{numbers(), numbers(), rows.size(-2)};
    kernels->take_statistics(rows, batch.mean, batch.variance);
    shares.merge(batch.mean, batch.variance);
    if (together) batch = together->whole(batch);
    if (!shares.is_alone()) keep_statistics(rule, batch);
    const at::Tensor scale = (batch.variance + rule.eps).rsqrt_(), factor = scale * weight;
    kernels->scale_and_bend(rows, factor, shift - batch.mean * factor, slope, shares.rows(output));
    Kept{x, weight, output, batch.mean, scale, shares, slope, rule.eps, kernels}.save(*context);
    keep_for_backward(*context, together);
    return output;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const Kept kept = Kept::by(*context, context->get_saved_variables());
    variable_list found = backward_by(kept, gradients[0], *context);
    found.resize(5);  // the pass and the kernels have none
    return found;
  }

 private:
  static variable_list backward_by(const Kept& kept, const at::Tensor& gradient,
                                   AutogradContext& context) {
    const std::array<bool, 3> needs{context.needs_input_grad(0), context.needs_input_grad(1),
                                    context.needs_input_grad(2)};
    const TogetherPtr together = kept_for_backward(context);
    if (at::GradMode::is_enabled()) {
      const bool has_loops = kept.kernels == &norm_kernels_of_cpu() && !together;
      if (!has_loops || needs[1] || needs[2]) return backward_by_torch(kept, gradient, needs);
      Kept constant = kept;
      constant.output = kept.output.detach();  // for its sign
      return {NormGradientFunction::apply(gradient, kept.x, kept.weight, &constant)};
    }
    const NormGradient of = kept.of(gradient);
    const Sums own = sums_of(of, kept);
    at::Tensor of_x;
    if (needs[0]) {
      Sums all = own;
      if (together) std::tie(all.sum, all.dot) = together->whole_sums(own.sum, own.dot);
      of_x = gradient_at_x(of, kept, all);
    }
    return {of_x, kept.shares.in_all(own.dot), kept.shares.in_all(own.sum)};
  }
};

}  // namespace

at::Tensor normalized_by_torch(const at::Tensor& x, const NormPass& pass) {
  const NormRule& rule = pass.rule;
  if (pass.groups == 0) return bend(normalize_batch(x, rule, pass.together), pass.slope);
  return bend(pass.groups == x.size(1)
                  ? normalize_instances(x, rule.weight, rule.bias, rule.eps)
                  : normalize_groups(x, pass.groups, rule.weight, rule.bias, rule.eps),
              pass.slope);
}

at::Tensor normalized_by(const NormKernels& kernels, const at::Tensor& x, const NormPass& pass) {
  return NormFunction::apply(x, pass.rule.weight, pass.rule.bias, &pass, &kernels);
}

}  // namespace sparring
