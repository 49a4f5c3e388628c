#include "core/step/rewrites/sample_norm.h"

#include "core/nn/normalization.h"
#include "core/step/rewrites/channels_last.h"
#include "core/step/rewrites/norm_activation.h"
#include "core/step/rewrites/piecewise_linear.h"

namespace sparring {
namespace {

bool has_channels_last(const at::Tensor& x) {
  return x.dim() == 4 && !x.is_contiguous() && x.is_contiguous(at::MemoryFormat::ChannelsLast);
}

// Whether the loops take such images, with factors like these.
bool suits(const at::Tensor& x, const at::Tensor& weight) {
  const at::ScalarType type = x.scalar_type();
  return x.is_cpu() && has_channels_last(x) && (type == at::kFloat || type == at::kDouble) &&
         (!weight.defined() || weight.scalar_type() == type);
}

// The rule with factors of 1 and 0 where the layer has none.
SampleNormRule complete(SampleNormRule rule, const at::Tensor& x) {
  const auto constant = x.options().requires_grad(false);
  if (!rule.weight.defined()) rule.weight = at::ones({x.size(1)}, constant);
  if (!rule.bias.defined()) rule.bias = at::zeros_like(rule.weight, constant);
  return rule;
}

// Instance and group normalisation by loops of our own.
class SampleNormLast : public Module, public Normalizing {
 public:
  explicit SampleNormLast(SampleNormRule rule, double slope = 1)
      : rule_(std::move(rule)), slope_(slope) {}
  at::Tensor forward(const at::Tensor& x, const Context&) override {
    if (!suits(x, rule_.weight)) return bend(normalized_by_torch(x), slope_);
    return normalized_alone(x, complete(rule_, x), slope_);
  }
  ModulePtr with_slope(double slope) const override {
    return std::make_shared<SampleNormLast>(rule_, slope);
  }
  std::string obstacle() const override { return ""; }

 private:
  at::Tensor normalized_by_torch(const at::Tensor& x) const {
    const auto& [weight, bias, eps, groups] = rule_;
    if (groups == x.size(1)) return normalize_instances(x, weight, bias, eps);
    const bool turns = x.is_cpu() && has_channels_last(x);  // the other way it takes twice as long
    return normalize_groups(turns ? channels_first(x) : x, groups, weight, bias, eps);
  }

  SampleNormRule rule_;
  double slope_;
};

template <class Norm>
Verdict sample_norm_last(const Norm& norm, int64_t groups) {
  const SampleNormRule rule{norm.weight(), norm.bias(), norm.eps(), groups};
  return {std::make_shared<SampleNormLast>(rule), ""};
}

// The same of layer normalisation, whose factors are turned round to lie as a sample does.
class LayerNormLast : public Module, public Normalizing {
 public:
  explicit LayerNormLast(std::shared_ptr<LayerNorm> norm, double slope = 1)
      : norm_(std::move(norm)), slope_(slope) {}
  at::Tensor forward(const at::Tensor& x, const Context& context) override {
    if (!has_channels_last(x)) return bend(norm_->forward(x, context), slope_);
    const SampleNormRule rule{turned(norm_->weight()), turned(norm_->bias()), norm_->eps(),
                              /*groups=*/1};
    if (suits(x, rule.weight)) return normalized_alone(x, complete(rule, x), slope_);
    return bend(normalized_by_torch(x, rule), slope_);
  }
  ModulePtr with_slope(double slope) const override {
    return std::make_shared<LayerNormLast>(norm_, slope);
  }
  std::string obstacle() const override { return ""; }

 private:
  static at::Tensor turned(const at::Tensor& factors) {
    return factors.defined() ? channels_last(factors.unsqueeze(0)) : factors;
  }
  static at::Tensor normalized_by_torch(const at::Tensor& x, const SampleNormRule& rule) {
    const auto last = [](const at::Tensor& image) {
      return image.defined() ? image[0].permute({1, 2, 0}) : image;
    };
    const at::Tensor values = x.permute({0, 2, 3, 1});
    return at::layer_norm(values, values.sizes().slice(1), last(rule.weight), last(rule.bias),
                          rule.eps)
        .permute({0, 3, 1, 2});
  }

  std::shared_ptr<LayerNorm> norm_;
  double slope_;
};

}  // namespace

Verdict fuse_sample_norm(const ModulePtr& norm) {
  if (const auto of_instances = std::dynamic_pointer_cast<InstanceNorm>(norm)) {
    return sample_norm_last(*of_instances, of_instances->features());
  }
  if (const auto of_groups = std::dynamic_pointer_cast<GroupNorm>(norm)) {
    return sample_norm_last(*of_groups, of_groups->groups());
  }
  const auto of_layer = std::dynamic_pointer_cast<LayerNorm>(norm);
  // It is for images: rows lie in one way, and libtorch's is as fast.
  if (!of_layer || of_layer->shape().size() != 3) return {};
  return {std::make_shared<LayerNormLast>(of_layer), ""};
}

}  // namespace sparring
