#include "core/step/plan.h"

#include "core/step/rewrites/upsample_conv.h"

namespace sparring {
namespace {

void flatten_into(const Sequential& sequential, std::vector<ModulePtr>& out) {
  for (const ModulePtr& module : sequential.modules_in_order()) {
    if (const auto nested = std::dynamic_pointer_cast<Sequential>(module)) {
      flatten_into(*nested, out);
    } else {
      out.push_back(module);
    }
  }
}

// Replaces every pair of neighbours that a rewrite knows.
std::vector<ModulePtr> rewritten(const std::vector<ModulePtr>& modules) {
  std::vector<ModulePtr> out;
  for (size_t i = 0; i < modules.size(); ++i) {
    const ModulePtr fused =
        i + 1 < modules.size() ? fuse_upsample_conv(modules[i], modules[i + 1]) : nullptr;
    out.push_back(fused ? fused : modules[i]);
    if (fused) ++i;
  }
  return out;
}

}  // namespace

Plan::Plan(const Sequential& network) : couples_samples_(network.couples_samples()) {
  std::vector<ModulePtr> modules;
  flatten_into(network, modules);
  operations_ = rewritten(modules);
}

at::Tensor Plan::forward(const at::Tensor& input) const {
  at::Tensor value = input;
  for (const ModulePtr& operation : operations_) {
    // Channels last: what convolutions and normalisation along channels like best. A no-op once
    // done.
    if (value.dim() == 4) value = value.contiguous(at::MemoryFormat::ChannelsLast);
    value = operation->forward(value);
  }
  return value;
}

}  // namespace sparring
