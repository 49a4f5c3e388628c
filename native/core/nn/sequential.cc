#include "core/nn/sequential.h"

#include <algorithm>

#include "core/nn/families.h"

namespace sparring {

Sequential::Sequential(const std::vector<Layer>& layers, RandomStream& stream) {
  for (const Layer& layer : layers) {
    modules_.push_back(register_module(layer.name, build(layer, stream)));
  }
}

at::Tensor Sequential::forward(const at::Tensor& input) {
  at::Tensor value = input;
  for (const ModulePtr& module : modules_) value = module->forward(value);
  return value;
}

bool Sequential::couples_samples() const {
  return std::any_of(modules_.begin(), modules_.end(),
                     [](const ModulePtr& module) { return module->couples_samples(); });
}

ModulePtr build_sequential(const Layer& layer, RandomStream& stream) {
  return std::make_shared<Sequential>(layer.layers, stream);
}

}  // namespace sparring
