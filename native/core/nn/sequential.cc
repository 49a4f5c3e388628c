#include "core/nn/sequential.h"

#include <algorithm>

#include "core/nn/families.h"

namespace sparring {

Sequential::Sequential(const std::vector<Layer>& layers, const FirstWeights& from) {
  for (const Layer& layer : layers) {
    parts_.push_back({layer.name, register_module(layer.name, build(layer, from))});
  }
}

at::Tensor Sequential::forward(const at::Tensor& input, const Context& context) {
  at::Tensor value = input;
  for (const Part& part : parts_) value = part.module->forward(value, context);
  return value;
}

std::vector<Part> Sequential::flattened(const std::string& prefix) const {
  std::vector<Part> all;
  for (const auto& [name, module] : parts_) {
    if (const auto nested = std::dynamic_pointer_cast<Sequential>(module)) {
      const std::vector<Part> inner = nested->flattened(prefix + name + ".");
      all.insert(all.end(), inner.begin(), inner.end());
    } else {
      all.push_back({prefix + name, module});
    }
  }
  return all;
}

bool Sequential::needs_own_pass() const {
  return std::any_of(parts_.begin(), parts_.end(),
                     [](const Part& part) { return part.module->needs_own_pass(); });
}

bool Sequential::repeats_itself() const {
  return std::all_of(parts_.begin(), parts_.end(),
                     [](const Part& part) { return part.module->repeats_itself(); });
}

ModulePtr build_sequential(const Layer& layer, const FirstWeights& from) {
  return std::make_shared<Sequential>(layer.layers, from);
}

}  // namespace sparring
