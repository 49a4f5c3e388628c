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

std::vector<ModulePtr> Sequential::flattened() const {
  std::vector<ModulePtr> all;
  for (const ModulePtr& module : modules_) {
    if (const auto nested = std::dynamic_pointer_cast<Sequential>(module)) {
      const std::vector<ModulePtr> inner = nested->flattened();
      all.insert(all.end(), inner.begin(), inner.end());
    } else {
      all.push_back(module);
    }
  }
  return all;
}

bool Sequential::needs_own_pass() const {
  return std::any_of(modules_.begin(), modules_.end(),
                     [](const ModulePtr& module) { return module->needs_own_pass(); });
}

ModulePtr build_sequential(const Layer& layer, RandomStream& stream) {
  return std::make_shared<Sequential>(layer.layers, stream);
}

}  // namespace sparring
