#include "core/nn/shape.h"

#include "core/nn/families.h"

namespace sparring {

ModulePtr build_flatten(const Layer&, const FirstWeights&) { return std::make_shared<Flatten>(); }
ModulePtr build_unflatten(const Layer& layer, const FirstWeights&) {
  return std::make_shared<Unflatten>(layer.options.shape("shape"));
}

}  // namespace sparring
