#include "core/step/rewrites/norm_activation.h"

#include "core/nn/activation.h"
#include "core/step/rewrites/piecewise_linear.h"
#include "core/step/rewrites/rows.h"

namespace sparring {
namespace {

// Channels side by side, or rows.
bool suits(const at::Tensor& x, const NormRule& rule, const NormKernels& kernels) {
  const bool lies_right = x.dim() == 4 ? x.is_contiguous(at::MemoryFormat::ChannelsLast)
                                       : x.dim() == 2 && x.is_contiguous();
  return lies_right && kernels.take(x.scalar_type(), rule.weight.scalar_type());
}

// The kernels for it; null where there are none, or where they would not pay.
const NormKernels* kernels_for(const at::Tensor& x) {
  // On the CPU there have to be rows enough that sharing them out pays.
  const bool is_small = x.is_cpu() && x.dim() == 2;
  return is_small ? nullptr : norm_kernels(x.device());
}

bool can_take(const NormKernels* kernels, const at::Tensor& x, const NormRule& rule) {
  return kernels != nullptr && suits(x, rule, *kernels);
}

// The rule with factors of 1 and 0 where the layer has none.
NormRule complete(NormRule rule, const at::Tensor& x) {
  const auto type = x.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
  const auto constant = x.options().requires_grad(false).dtype(type);
  if (!rule.weight.defined()) rule.weight = at::ones({x.size(1)}, constant);
  if (!rule.bias.defined()) rule.bias = at::zeros({x.size(1)}, constant);
  return rule;
}

at::Tensor normalized_by_torch(const at::Tensor& x, const NormPass& pass) {
  return bend(normalize_batch(x, pass.rule, pass.together), pass.slope);
}

// Where a layer is; one without tensors might be anywhere, and asks its input.
at::Device device_of(const BatchNorm& norm) {
  for (const at::Tensor& one : {norm.weight(), norm.running_mean()}) {
    if (one.defined()) return one.device();
  }
  return at::kCPU;
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
    const NormRule rule = complete(pass.rule, x);
    if (!can_take(kernels, x, rule)) return bend(norm_->forward(x, {}), pass.slope);
    const auto& [weight, bias, mean, variance, momentum, eps] = rule;
    const at::Tensor factor = (variance + eps).rsqrt_() * weight, output = at::empty_like(x);
    kernels->scale_and_bend(as_rows(x), {mean, factor, bias}, pass.slope, as_rows(output));
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
  const NormPass whole{complete(pass.rule, x), pass.slope, pass.together};
  return can_take(kernels, x, whole.rule) ? normalized_by(*kernels, x, whole)
                                          : normalized_by_torch(x, pass);
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

Verdict fuse_batch_norm(const ModulePtr& norm) {
  const auto batch_norm = std::dynamic_pointer_cast<BatchNorm>(norm);
  if (!batch_norm || !device_of(*batch_norm).is_cpu()) return {};
  return {std::make_shared<NormActivation>(batch_norm, /*slope=*/1), ""};
}

std::string obstacle_of(const BatchNorm& norm) { return norm_kernels_off(device_of(norm)); }

}  // namespace sparring
