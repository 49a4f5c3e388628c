#include "core/step/rewrites/sample_norm.h"

#include "core/nn/normalization.h"
#include "core/step/rewrites/channels_last.h"
#include "core/step/rewrites/norm_activation.h"

namespace sparring {
namespace {

bool has_channels_last(const at::Tensor& x) {
  return x.dim() == 4 && !x.is_contiguous() && x.is_contiguous(at::MemoryFormat::ChannelsLast);
}

// Instance and group normalisation by the kernels of batch normalisation, a sample at a time.
class SampleNormLast : public Module, public Normalizing {
 public:
  struct Rule {
    at::Tensor weight, bias;
    double eps;
    int64_t groups;
  };
  explicit SampleNormLast(Rule rule, double slope = 1) : rule_(std::move(rule)), slope_(slope) {}
  at::Tensor forward(const at::Tensor& x, const Context&) override {
    at::Tensor weight = rule_.weight, bias = rule_.bias;
    if (!weight.defined() && has_channels_last(x)) {
      weight = at::ones({x.size(1)}, x.options().requires_grad(false));
      bias = at::zeros_like(weight);
    }
    const NormRule rule{weight, bias, {}, {}, /*momentum=*/0, rule_.eps};
    return normalized(x, {rule, slope_, {}, rule_.groups});
  }
  ModulePtr with_slope(double slope) const override {
    return std::make_shared<SampleNormLast>(rule_, slope);
  }
  std::string obstacle() const override { return ""; }

 private:
  Rule rule_;
  double slope_;
};

template <class Norm>
Verdict sample_norm_last(const Norm& norm, int64_t groups) {
  const SampleNormLast::Rule rule{norm.weight(), norm.bias(), norm.eps(), groups};
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

// libtorch's takes twice as long where the channels are last.
class GroupNormFirst : public Module, public AnyLayout {
 public:
  explicit GroupNormFirst(std::shared_ptr<GroupNorm> norm) : norm_(std::move(norm)) {}
  at::Tensor forward(const at::Tensor& x, const Context& context) override {
    const bool turns = x.is_cpu() && has_channels_last(x);
    return norm_->forward(turns ? channels_first(x) : x, context);
  }

 private:
  std::shared_ptr<GroupNorm> norm_;
};

}  // namespace

Verdict fuse_group_norm(const ModulePtr& norm) {
  const auto of_groups = std::dynamic_pointer_cast<GroupNorm>(norm);
  if (!of_groups) return {};
  return {std::make_shared<GroupNormFirst>(of_groups), ""};
}

Verdict fuse_penalised_group_norm(const ModulePtr& norm) {
  const auto of_groups = std::dynamic_pointer_cast<GroupNorm>(norm);
  if (!of_groups) return {};
  return sample_norm_last(*of_groups, of_groups->groups());
}

Verdict fuse_sample_norm(const ModulePtr& norm) {
  if (const auto of_instances = std::dynamic_pointer_cast<InstanceNorm>(norm)) {
    return sample_norm_last(*of_instances, of_instances->features());
  }
  const auto of_layer = std::dynamic_pointer_cast<LayerNorm>(norm);
  // It is for images: rows have one layout.
  if (!of_layer || of_layer->shape().size() != 3) return {};
  return {std::make_shared<LayerNormLast>(of_layer), ""};
}

}  // namespace sparring
