#include "core/nn/sequential.h"

#include <algorithm>

#include "core/nn/families.h"

namespace sparring {

Sequential::Sequential(const std::vector<Layer>& layers, RandomStream& stream) {
  for (const Layer& layer : layers) {
    modules_.push_back(register_module(layer.name, build(layer, stream)));
  }
}

at::Tensor Sequential::forward(const at::Tensor& input, const Context& context) {
  at::Tensor value = input;
  for (const ModulePtr& module : modules_) value = module->forward(value, context);
  return value;
}

bool Sequential::needs_own_pass() const {
  return std::any_of(modules_.begin(), modules_.end(),
                     [](const ModulePtr& module) { return module->needs_own_pass(); });
}

ModulePtr build_sequential(const Layer& layer, RandomStream& stream) {
  return std::make_shared<Sequential>(layer.layers, stream);
}

}  // namespace sparring
