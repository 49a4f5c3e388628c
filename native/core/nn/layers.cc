// The table of layers: a new one costs its file and a row here.
#include "core/nn/families.h"
#include "core/table.h"

namespace sparring {

ModulePtr build(const Layer& layer, RandomStream& stream) {
  static const std::map<std::string, Builder> table = {
      {"avgPool2d", build_avg_pool2d},
      {"batchNorm1d", build_batch_norm},
      {"batchNorm2d", build_batch_norm},
      {"conv2d", build_conv2d},
      {"convTranspose2d", build_conv_transpose2d},
      {"dropout", build_dropout},
      {"elu", build_elu},
      {"embedding", build_embedding},
      {"flatten", build_flatten},
      {"gelu", build_gelu},
      {"groupNorm", build_group_norm},
      {"heads", build_heads},
      {"instanceNorm2d", build_instance_norm},
      {"layerNorm", build_layer_norm},
      {"leakyRelu", build_leaky_relu},
      {"linear", build_linear},
      {"maxout", build_maxout},
      {"minibatchStdDev", build_minibatch_std_dev},
      {"pixelNorm", build_pixel_norm},
      {"projection", build_projection},
      {"relu", build_relu},
      {"residual", build_residual},
      {"selfAttention2d", build_self_attention},
      {"sequential", build_sequential},
      {"sigmoid", build_sigmoid},
      {"silu", build_silu},
      {"softplus", build_softplus},
      {"spectralNorm", build_spectral_norm},
      {"tanh", build_tanh},
      {"unflatten", build_unflatten},
      {"upsample", build_upsample},
  };
  return row(table, layer.type, "layer type")(layer, stream);
}

}  // namespace sparring
