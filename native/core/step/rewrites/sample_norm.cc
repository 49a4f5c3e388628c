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

// Instance and group normalisation by loops of our own.
class SampleNormLast : public Module, public Normalizing {
 public:
  explicit SampleNormLast(SampleNormRule rule, double slope = 1)
      : rule_(std::move(rule)), slope_(slope) {}
  at::Tensor forward(const at::Tensor& x, const Context&) override {
    if (!suits(x)) return bend(normalized_by_torch(x), slope_);
    SampleNormRule rule = rule_;
    if (!rule.weight.defined()) {
      rule.weight = at::ones({x.size(1)}, x.options().requires_grad(false));
      rule.bias = at::zeros_like(rule.weight);
    }
    return normalized_alone(x, rule, slope_);
  }
  ModulePtr with_slope(double slope) const override {
    return std::make_shared<SampleNormLast>(rule_, slope);
  }
  std::string obstacle() const override { return ""; }

 private:
  bool suits(const at::Tensor& x) const {
    const at::ScalarType type = x.scalar_type();
    return x.is_cpu() && has_channels_last(x) && (type == at::kFloat || type == at::kDouble) &&
           (!rule_.weight.defined() || rule_.weight.scalar_type() == type);
  }
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

// All values of a sample in another order, and the factors in the same one.
class LayerNormLast : public Module {
 public:
  explicit LayerNormLast(std::shared_ptr<LayerNorm> norm) : norm_(std::move(norm)) {}
  at::Tensor forward(const at::Tensor& x, const Context& context) override {
    if (!has_channels_last(x)) return norm_->forward(x, context);
    const at::Tensor turned = x.permute({0, 2, 3, 1});
    const at::Tensor normal = at::layer_norm(turned, turned.sizes().slice(1), last(norm_->weight()),
                                             last(norm_->bias()), norm_->eps());
    return normal.permute({0, 3, 1, 2});
  }

 private:
  static at::Tensor last(const at::Tensor& factors) {
    return factors.defined() ? factors.permute({1, 2, 0}).contiguous() : factors;
  }

  std::shared_ptr<LayerNorm> norm_;
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
  // It is for images: rows have one layout.
  if (!of_layer || of_layer->shape().size() != 3) return {};
  return {std::make_shared<LayerNormLast>(of_layer), ""};
}

}  // namespace sparring
