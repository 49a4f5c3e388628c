#include "core/step/plan.h"

#include "core/nn/branches.h"
#include "core/step/rewrites/bias_norm.h"
#include "core/step/rewrites/linear_product.h"
#include "core/step/rewrites/narrow_conv.h"
#include "core/step/rewrites/upsample_conv.h"

namespace sparring {
namespace {

// Layers side by side, each branch with its own rewrites.
class PlannedBranches : public Module {
 public:
  explicit PlannedBranches(std::shared_ptr<Branches> branches) : branches_(std::move(branches)) {
    for (const ModulePtr& branch : branches_->branches()) {
      plans_.emplace_back(dynamic_cast<const Sequential&>(*branch));
    }
  }
  at::Tensor forward(const at::Tensor& input, const Context& context) override {
    std::vector<at::Tensor> outputs;
    for (const Plan& plan : plans_) outputs.push_back(plan.forward(input, context));
    return branches_->join(std::move(outputs), input);
  }

 private:
  std::shared_ptr<Branches> branches_;
  std::vector<Plan> plans_;
};

ModulePtr plan_branches(const ModulePtr& module) {
  const auto branches = std::dynamic_pointer_cast<Branches>(module);
  return branches ? std::make_shared<PlannedBranches>(branches) : nullptr;
}

// Rewrites of one layer, and of two neighbours; null where one does not hold.
using OfOne = ModulePtr (*)(const ModulePtr&);
using OfTwo = ModulePtr (*)(const ModulePtr&, const ModulePtr&);

std::vector<ModulePtr> rewritten(const std::vector<ModulePtr>& modules, OfOne rewrite) {
  std::vector<ModulePtr> out;
  for (const ModulePtr& module : modules) {
    const ModulePtr better = rewrite(module);
    out.push_back(better ? better : module);
  }
  return out;
}

std::vector<ModulePtr> rewritten(const std::vector<ModulePtr>& modules, OfTwo rewrite) {
  std::vector<ModulePtr> out;
  for (size_t i = 0; i < modules.size(); ++i) {
    const ModulePtr better = i + 1 < modules.size() ? rewrite(modules[i], modules[i + 1]) : nullptr;
    out.push_back(better ? better : modules[i]);
    if (better) ++i;
  }
  return out;
}

}  // namespace

Plan::Plan(const Sequential& network) : needs_own_pass_(network.needs_own_pass()) {
  std::vector<ModulePtr> modules = rewritten(network.flattened(), plan_branches);
  modules = rewritten(modules, fuse_upsample_conv);
  modules = rewritten(modules, fuse_narrow_conv);
  modules = rewritten(modules, fuse_linear_product);
  operations_ = rewritten(modules, fuse_bias_norm);
}

at::Tensor Plan::forward(const at::Tensor& input, const Context& context) const {
  at::Tensor value = input;
  for (const ModulePtr& operation : operations_) {
    // Channels last: what convolutions and normalisation along channels like best. A no-op once
    // done.
    if (value.dim() == 4) value = value.contiguous(at::MemoryFormat::ChannelsLast);
    value = operation->forward(value, context);
  }
  return value;
}

}  // namespace sparring
