// One builder a layer type, defined in the file of its family.
#pragma once

#include "core/nn/module.h"

namespace sparring {

// activation.cc
ModulePtr build_leaky_relu(const Layer&, RandomStream&);
ModulePtr build_relu(const Layer&, RandomStream&);
ModulePtr build_sigmoid(const Layer&, RandomStream&);
ModulePtr build_tanh(const Layer&, RandomStream&);
// convolution.cc
ModulePtr build_conv2d(const Layer&, RandomStream&);
// linear.cc
ModulePtr build_linear(const Layer&, RandomStream&);
// normalization.cc
ModulePtr build_batch_norm(const Layer&, RandomStream&);
// resampling.cc
ModulePtr build_upsample(const Layer&, RandomStream&);
// sequential.cc
ModulePtr build_sequential(const Layer&, RandomStream&);
// shape.cc
ModulePtr build_flatten(const Layer&, RandomStream&);
ModulePtr build_unflatten(const Layer&, RandomStream&);

}  // namespace sparring
