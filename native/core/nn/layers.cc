// The table of layers: a new one costs its file and a row here.
#include "core/nn/families.h"
#include "core/table.h"

namespace sparring {

ModulePtr build(const Layer& layer, const FirstWeights& from) {
  static const std::map<std::string, Builder> table = {
      {"adaptiveAvgPool2d", build_adaptive_avg_pool2d},
      {"avgPool2d", build_avg_pool2d},
      {"batchNorm1d", build_batch_norm},
      {"batchNorm2d", build_batch_norm},
      {"blur", build_blur},
      {"conditionalBatchNorm2d", build_conditional_batch_norm},
      {"constant", build_constant},
      {"conv2d", build_conv2d},
      {"convTranspose2d", build_conv_transpose2d},
      {"dropout", build_dropout},
      {"dropout2d", build_dropout2d},
      {"elu", build_elu},
      {"embedding", build_embedding},
      {"equalized", build_equalized},
      {"flatten", build_flatten},
      {"gaussianNoise", build_gaussian_noise},
      {"gelu", build_gelu},
      {"globalSumPool2d", build_global_sum_pool2d},
      {"groupNorm", build_group_norm},
      {"heads", build_heads},
      {"instanceNorm2d", build_instance_norm},
      {"layerNorm", build_layer_norm},
      {"leakyRelu", build_leaky_relu},
      {"linear", build_linear},
      {"maxPool2d", build_max_pool2d},
      {"maxout", build_maxout},
      {"minibatchDiscrimination", build_minibatch_discrimination},
      {"minibatchStdDev", build_minibatch_std_dev},
      {"mish", build_mish},
      {"modulatedConv2d", build_modulated_conv2d},
      {"noiseInjection", build_noise_injection},
      {"pixelNorm", build_pixel_norm},
      {"pixelShuffle", build_pixel_shuffle},
      {"pixelUnshuffle", build_pixel_unshuffle},
      {"prelu", build_prelu},
      {"projection", build_projection},
      {"reconstructionError", build_reconstruction_error},
      {"reflectionPad2d", build_reflection_pad2d},
      {"relu", build_relu},
      {"replicationPad2d", build_replication_pad2d},
      {"residual", build_residual},
      {"selfAttention2d", build_self_attention},
      {"selu", build_selu},
      {"sequential", build_sequential},
      {"sigmoid", build_sigmoid},
      {"silu", build_silu},
      {"softplus", build_softplus},
      {"spectralNorm", build_spectral_norm},
      {"styled", build_styled},
      {"tanh", build_tanh},
      {"unflatten", build_unflatten},
      {"upsample", build_upsample},
      {"zeroPad2d", build_zero_pad2d},
  };
  return row(table, layer.type, "layer type")(layer, from);
}

}  // namespace sparring
