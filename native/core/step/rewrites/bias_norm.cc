#include "core/step/rewrites/bias_norm.h"

#include "core/nn/weighted.h"
#include "core/step/rewrites/norm_activation.h"

namespace sparring {
namespace {

// What is left of a layer without its bias.
using Unbiased = std::function<at::Tensor(const at::Tensor&)>;

class BiasNorm : public Module, public Normalizing {
 public:
  BiasNorm(Unbiased layer, at::Tensor bias, std::shared_ptr<BatchNorm> norm, double slope = 1)
      : layer_(std::move(layer)), bias_(std::move(bias)), norm_(std::move(norm)), slope_(slope) {}

  at::Tensor forward(const at::Tensor& input, const Context& context) override {
    const at::Tensor x = layer_(input);
    // A gradient of 0 all the same, so that weight decay and momentum see the bias as before.
    NormPass pass{norm_->rule(), slope_, context.together};
    const at::Tensor nothing = 0 * bias_;
    pass.rule.bias = norm_->bias().defined() ? norm_->bias() + nothing : nothing;
    if (!norm_->running_mean().defined()) return normalized(x, pass);
    {
      const at::NoGradGuard no_grad;
      pass.rule.running_mean = norm_->running_mean() - bias_;
    }
    const at::Tensor output = normalized(x, pass);
    const at::NoGradGuard no_grad;
    at::Tensor running = norm_->running_mean();
    at::add_out(running, pass.rule.running_mean, bias_);
    at::Tensor(norm_->batches()).add_(1);
    return output;
  }

  bool needs_own_pass() const override { return true; }
  ModulePtr with_slope(double slope) const override {
    return std::make_shared<BiasNorm>(layer_, bias_, norm_, slope);
  }
  std::string obstacle() const override { return obstacle_of(*norm_); }

 private:
  Unbiased layer_;
  at::Tensor bias_;
  std::shared_ptr<BatchNorm> norm_;
  double slope_;
};

}  // namespace

Verdict fuse_bias_norm(const ModulePtr& layer, const ModulePtr& norm) {
  const auto batch_norm = std::dynamic_pointer_cast<BatchNorm>(norm);
  const auto rewrite = std::dynamic_pointer_cast<Rewrite>(layer);
  const auto weighted = std::dynamic_pointer_cast<Weighted>(layer);
  if (!batch_norm || (!rewrite && !weighted)) return {};
  const at::Tensor& bias = rewrite ? rewrite->bias() : weighted->bias();
  if (!bias.defined()) return {};
  const Unbiased unbiased = [rewrite, weighted](const at::Tensor& x) {
    return rewrite ? rewrite->apply(x, {}) : weighted->apply(x, weighted->weight(), {});
  };
  return {std::make_shared<BiasNorm>(unbiased, bias, batch_norm), ""};
}

}  // namespace sparring
