// One builder a layer type, defined in the file of its family.
#pragma once

#include "core/nn/module.h"

namespace sparring {

// activation.cc
ModulePtr build_elu(const Layer&, RandomStream&);
ModulePtr build_gelu(const Layer&, RandomStream&);
ModulePtr build_leaky_relu(const Layer&, RandomStream&);
ModulePtr build_mish(const Layer&, RandomStream&);
ModulePtr build_prelu(const Layer&, RandomStream&);
ModulePtr build_relu(const Layer&, RandomStream&);
ModulePtr build_selu(const Layer&, RandomStream&);
ModulePtr build_sigmoid(const Layer&, RandomStream&);
ModulePtr build_silu(const Layer&, RandomStream&);
ModulePtr build_softplus(const Layer&, RandomStream&);
ModulePtr build_tanh(const Layer&, RandomStream&);
// attention.cc
ModulePtr build_self_attention(const Layer&, RandomStream&);
// batch_norm.cc
ModulePtr build_batch_norm(const Layer&, RandomStream&);
// branches.cc
ModulePtr build_heads(const Layer&, RandomStream&);
ModulePtr build_residual(const Layer&, RandomStream&);
// convolution.cc
ModulePtr build_conv2d(const Layer&, RandomStream&);
ModulePtr build_conv_transpose2d(const Layer&, RandomStream&);
// dropout.cc
ModulePtr build_dropout(const Layer&, RandomStream&);
ModulePtr build_dropout2d(const Layer&, RandomStream&);
// labels.cc
ModulePtr build_embedding(const Layer&, RandomStream&);
ModulePtr build_projection(const Layer&, RandomStream&);
// linear.cc
ModulePtr build_linear(const Layer&, RandomStream&);
ModulePtr build_maxout(const Layer&, RandomStream&);
// minibatch.cc
ModulePtr build_minibatch_std_dev(const Layer&, RandomStream&);
// normalization.cc
ModulePtr build_group_norm(const Layer&, RandomStream&);
ModulePtr build_instance_norm(const Layer&, RandomStream&);
ModulePtr build_layer_norm(const Layer&, RandomStream&);
ModulePtr build_pixel_norm(const Layer&, RandomStream&);
// pixels.cc
ModulePtr build_pixel_shuffle(const Layer&, RandomStream&);
ModulePtr build_pixel_unshuffle(const Layer&, RandomStream&);
ModulePtr build_reflection_pad2d(const Layer&, RandomStream&);
ModulePtr build_replication_pad2d(const Layer&, RandomStream&);
ModulePtr build_zero_pad2d(const Layer&, RandomStream&);
// pooling.cc
ModulePtr build_adaptive_avg_pool2d(const Layer&, RandomStream&);
ModulePtr build_avg_pool2d(const Layer&, RandomStream&);
ModulePtr build_max_pool2d(const Layer&, RandomStream&);
// resampling.cc
ModulePtr build_upsample(const Layer&, RandomStream&);
// sequential.cc
ModulePtr build_sequential(const Layer&, RandomStream&);
// shape.cc
ModulePtr build_flatten(const Layer&, RandomStream&);
ModulePtr build_unflatten(const Layer&, RandomStream&);
// spectral_norm.cc
ModulePtr build_spectral_norm(const Layer&, RandomStream&);

}  // namespace sparring
