#pragma once

#include "core/nn/weighted.h"

namespace sparring {

// Miyato and Koyama 2018: the layer `projection`, with what stands in the place of its two parts.
ModulePtr make_projection(const Layer& layer, const FirstWeights& from, const Wrap& wrap);

}  // namespace sparring
