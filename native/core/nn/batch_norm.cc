#include "core/nn/batch_norm.h"

#include "core/nn/families.h"

namespace sparring {

BatchNorm::BatchNorm(const Layer& layer)
    : features_(layer.options.integer("numFeatures")),
      eps_(layer.options.number("eps")),
      momentum_(layer.options.number("momentum")) {
  if (layer.options.flag("affine")) {
    weight_ = register_parameter("weight", at::ones({features_}));
    bias_ = register_parameter("bias", at::zeros({features_}));
  }
  if (!layer.options.flag("trackRunningStats")) return;
  mean_ = register_buffer("running_mean", at::zeros({features_}));
  variance_ = register_buffer("running_var", at::ones({features_}));
  batches_ = register_buffer("num_batches_tracked", at::zeros({}, at::kLong));
}

at::Tensor BatchNorm::forward(const at::Tensor& input, const Context& context) {
  if (is_training()) {
    if (batches_.defined()) batches_.add_(1);
    return normalize_batch(input, rule(), context.together);
  }
  return at::batch_norm(input, weight_, bias_, mean_, variance_, /*training=*/!mean_.defined(),
                        momentum_, eps_, /*cudnn_enabled=*/true);
}

void BatchNorm::draw_anew(const Init& init, RandomStream& stream) const {
  if (weight_.defined()) init.draw({Redrawn::kBatchNorm, weight_, bias_}, stream);
}

ModulePtr build_batch_norm(const Layer& layer, const FirstWeights&) {
  return std::make_shared<BatchNorm>(layer);
}

}  // namespace sparring
