#include "core/nn/branches.h"

#include <algorithm>

#include "core/nn/families.h"

namespace sparring {
namespace {

// He et al. 2016: main(x) + skip(x), where without a second branch skip(x) is x.
class Residual : public Branches {
 public:
  using Branches::Branches;
  at::Tensor join(std::vector<at::Tensor> outputs, const at::Tensor& input) const override {
    return outputs[0] + (outputs.size() > 1 ? outputs[1] : input);
  }
};

// Several answers about one input, side by side: [N, a], [N, b] -> [N, a + b].
class Heads : public Branches {
 public:
  using Branches::Branches;
  at::Tensor join(std::vector<at::Tensor> outputs, const at::Tensor&) const override {
    return outputs.size() == 1 ? outputs[0] : at::cat(outputs, 1);
  }
};

// Zhao et al. 2017: how far a sample is from what an autoencoder makes of it, the energy of those
// discriminators that are one: [N, ...] -> [N, 1].
class ReconstructionError : public Branches {
 public:
  ReconstructionError(const Layer& layer, const FirstWeights& from)
      : Branches(layer.layers, from), squares_(layer.options.text("loss") == "mse") {}
  at::Tensor join(std::vector<at::Tensor> outputs, const at::Tensor& input) const override {
    const at::Tensor of_values = squares_ ? at::mse_loss(outputs[0], input, at::Reduction::None)
                                          : at::l1_loss(outputs[0], input, at::Reduction::None);
    return of_values.flatten(1).mean(1, /*keepdim=*/true);
  }

 private:
  bool squares_;
};

}  // namespace

Branches::Branches(const std::vector<Layer>& layers, const FirstWeights& from) {
  for (const Layer& layer : layers) {
    branches_.push_back({layer.name, register_module(layer.name, build(layer, from))});
  }
}

bool Branches::needs_own_pass() const {
  return std::any_of(branches_.begin(), branches_.end(),
                     [](const Part& branch) { return branch.module->needs_own_pass(); });
}

bool Branches::repeats_itself() const {
  return std::all_of(branches_.begin(), branches_.end(),
                     [](const Part& branch) { return branch.module->repeats_itself(); });
}

at::Tensor Branches::forward(const at::Tensor& input, const Context& context) {
  std::vector<at::Tensor> outputs;
  for (const Part& branch : branches_) {
    outputs.push_back(branch.module->forward(input, context));
  }
  return join(std::move(outputs), input);
}

ModulePtr build_heads(const Layer& layer, const FirstWeights& from) {
  return std::make_shared<Heads>(layer.layers, from);
}

ModulePtr build_reconstruction_error(const Layer& layer, const FirstWeights& from) {
  return std::make_shared<ReconstructionError>(layer, from);
}

ModulePtr build_residual(const Layer& layer, const FirstWeights& from) {
  return std::make_shared<Residual>(layer.layers, from);
}

}  // namespace sparring
