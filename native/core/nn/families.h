// One builder a layer type, defined in the file of its family.
#pragma once

#include "core/nn/module.h"

namespace sparring {

// activation.cc
ModulePtr build_elu(const Layer&, const FirstWeights&);
ModulePtr build_gelu(const Layer&, const FirstWeights&);
ModulePtr build_leaky_relu(const Layer&, const FirstWeights&);
ModulePtr build_mish(const Layer&, const FirstWeights&);
ModulePtr build_prelu(const Layer&, const FirstWeights&);
ModulePtr build_relu(const Layer&, const FirstWeights&);
ModulePtr build_selu(const Layer&, const FirstWeights&);
ModulePtr build_sigmoid(const Layer&, const FirstWeights&);
ModulePtr build_silu(const Layer&, const FirstWeights&);
ModulePtr build_softplus(const Layer&, const FirstWeights&);
ModulePtr build_tanh(const Layer&, const FirstWeights&);
// attention.cc
ModulePtr build_self_attention(const Layer&, const FirstWeights&);
// batch_norm.cc
ModulePtr build_batch_norm(const Layer&, const FirstWeights&);
// blur.cc
ModulePtr build_blur(const Layer&, const FirstWeights&);
// branches.cc
ModulePtr build_heads(const Layer&, const FirstWeights&);
ModulePtr build_reconstruction_error(const Layer&, const FirstWeights&);
ModulePtr build_residual(const Layer&, const FirstWeights&);
// convolution.cc
ModulePtr build_conv2d(const Layer&, const FirstWeights&);
ModulePtr build_conv_transpose2d(const Layer&, const FirstWeights&);
// dropout.cc
ModulePtr build_dropout(const Layer&, const FirstWeights&);
ModulePtr build_dropout2d(const Layer&, const FirstWeights&);
// equalized.cc
ModulePtr build_equalized(const Layer&, const FirstWeights&);
// labels.cc
ModulePtr build_conditional_batch_norm(const Layer&, const FirstWeights&);
ModulePtr build_embedding(const Layer&, const FirstWeights&);
ModulePtr build_projection(const Layer&, const FirstWeights&);
// linear.cc
ModulePtr build_linear(const Layer&, const FirstWeights&);
// maxout.cc
ModulePtr build_maxout(const Layer&, const FirstWeights&);
// minibatch.cc
ModulePtr build_minibatch_discrimination(const Layer&, const FirstWeights&);
ModulePtr build_minibatch_std_dev(const Layer&, const FirstWeights&);
// modulated_conv.cc
ModulePtr build_modulated_conv2d(const Layer&, const FirstWeights&);
// noise.cc
ModulePtr build_gaussian_noise(const Layer&, const FirstWeights&);
ModulePtr build_noise_injection(const Layer&, const FirstWeights&);
// normalization.cc
ModulePtr build_group_norm(const Layer&, const FirstWeights&);
ModulePtr build_instance_norm(const Layer&, const FirstWeights&);
ModulePtr build_layer_norm(const Layer&, const FirstWeights&);
ModulePtr build_pixel_norm(const Layer&, const FirstWeights&);
// pixels.cc
ModulePtr build_pixel_shuffle(const Layer&, const FirstWeights&);
ModulePtr build_pixel_unshuffle(const Layer&, const FirstWeights&);
ModulePtr build_reflection_pad2d(const Layer&, const FirstWeights&);
ModulePtr build_replication_pad2d(const Layer&, const FirstWeights&);
ModulePtr build_zero_pad2d(const Layer&, const FirstWeights&);
// pooling.cc
ModulePtr build_adaptive_avg_pool2d(const Layer&, const FirstWeights&);
ModulePtr build_avg_pool2d(const Layer&, const FirstWeights&);
ModulePtr build_global_sum_pool2d(const Layer&, const FirstWeights&);
ModulePtr build_max_pool2d(const Layer&, const FirstWeights&);
// resampling.cc
ModulePtr build_upsample(const Layer&, const FirstWeights&);
// sequential.cc
ModulePtr build_sequential(const Layer&, const FirstWeights&);
// shape.cc
ModulePtr build_flatten(const Layer&, const FirstWeights&);
ModulePtr build_unflatten(const Layer&, const FirstWeights&);
// spectral_norm.cc
ModulePtr build_spectral_norm(const Layer&, const FirstWeights&);
// styled.cc
ModulePtr build_constant(const Layer&, const FirstWeights&);
ModulePtr build_styled(const Layer&, const FirstWeights&);

}  // namespace sparring
