#include "core/nn/normalization.h"

#include "core/nn/families.h"

namespace sparring {
namespace {

// Registers a weight of ones and a bias of zeros, if they are wanted.
void register_affine(Module& module, const Shape& shape, bool weight, bool bias,
                     at::Tensor& weight_out, at::Tensor& bias_out) {
  if (weight) weight_out = module.register_parameter("weight", at::ones(shape));
  if (bias) bias_out = module.register_parameter("bias", at::zeros(shape));
}

// libtorch's gradients for weight and bias write to one for channels-last images that nobody asked
// for (2.11 to 2.14, CPU): a null pointer.
at::Tensor without_trap(const at::Tensor& images) {
  const bool is_trap = images.is_cpu() && !images.requires_grad() &&
                       images.suggest_memory_format() == at::MemoryFormat::ChannelsLast;
  return is_trap ? images.clone(at::MemoryFormat::Contiguous) : images;
}

}  // namespace

at::Tensor normalize_instances(const at::Tensor& x, const at::Tensor& weight,
                               const at::Tensor& bias, double eps) {
  const at::Tensor normal = at::instance_norm(x, weight, bias, {}, {}, /*use_input_stats=*/true,
                                              /*momentum=*/0.1, eps, /*cudnn_enabled=*/true);
  // libtorch reads a gradient whose channels are last as if they were not, where there is one
  // sample (2.13, CPU): so it gets it in the other layout.
  return x.size(0) == 1 ? normal.flatten().view(normal.sizes()) : normal;
}

at::Tensor normalize_groups(const at::Tensor& x, int64_t groups, const at::Tensor& weight,
                            const at::Tensor& bias, double eps) {
  return at::group_norm(without_trap(x), groups, weight, bias, eps);
}

GroupNorm::GroupNorm(const Layer& layer)
    : groups_(layer.options.integer("numGroups")), eps_(layer.options.number("eps")) {
  const bool affine = layer.options.flag("affine");
  register_affine(*this, {layer.options.integer("numChannels")}, affine, affine, weight_, bias_);
}

at::Tensor GroupNorm::forward(const at::Tensor& input, const Context&) {
  return normalize_groups(input, groups_, weight_, bias_, eps_);
}

InstanceNorm::InstanceNorm(const Layer& layer)
    : features_(layer.options.integer("numFeatures")), eps_(layer.options.number("eps")) {
  const bool affine = layer.options.flag("affine");
  register_affine(*this, {features_}, affine, affine, weight_, bias_);
}

at::Tensor InstanceNorm::forward(const at::Tensor& input, const Context&) {
  return normalize_instances(input, weight_, bias_, eps_);
}

LayerNorm::LayerNorm(const Layer& layer)
    : shape_(layer.options.shape("normalizedShape")), eps_(layer.options.number("eps")) {
  const bool affine = layer.options.flag("elementwiseAffine");
  register_affine(*this, shape_, affine, affine && layer.options.flag("bias"), weight_, bias_);
}

at::Tensor LayerNorm::forward(const at::Tensor& input, const Context&) {
  return at::layer_norm(input, shape_, weight_, bias_, eps_);
}

at::Tensor normalize_pixels(const at::Tensor& x, double eps) {
  return x * (x.square().mean({1}, /*keepdim=*/true) + eps).rsqrt();
}

ModulePtr build_group_norm(const Layer& layer, const FirstWeights&) {
  return std::make_shared<GroupNorm>(layer);
}
ModulePtr build_instance_norm(const Layer& layer, const FirstWeights&) {
  return std::make_shared<InstanceNorm>(layer);
}
ModulePtr build_layer_norm(const Layer& layer, const FirstWeights&) {
  return std::make_shared<LayerNorm>(layer);
}
ModulePtr build_pixel_norm(const Layer& layer, const FirstWeights&) {
  return std::make_shared<PixelNorm>(layer.options.number("eps"));
}

}  // namespace sparring
