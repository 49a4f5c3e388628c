#include "core/nn/network.h"

#include <algorithm>
#include <map>

#include "core/error.h"
#include "core/runtime/accelerator.h"

namespace sparring {
namespace {

// PyTorch's state_dict visits a module's own parameters, then its buffers, then its children.
void collect(const torch::nn::Module& module, const std::string& prefix, NamedTensors& out) {
  for (const auto& entry : module.named_parameters(/*recurse=*/false)) {
    out.emplace_back(prefix + entry.key(), entry.value());
  }
  for (const auto& entry : module.named_buffers(/*recurse=*/false)) {
    out.emplace_back(prefix + entry.key(), entry.value());
  }
  for (const auto& child : module.named_children()) {
    collect(*child.value(), prefix + child.key() + ".", out);
  }
}

// torch.nn.Module.apply: the children in order, then the module itself.
void apply_init(const torch::nn::Module& module, const Init& init, RandomStream& stream) {
  for (const auto& child : module.children()) apply_init(*child, init, stream);
  if (const auto* layer = dynamic_cast<const Module*>(&module)) layer->draw_anew(init, stream);
}

// Whether the module or one inside it does.
bool mixes(const torch::nn::Module& module) {
  const auto parts = module.modules();
  return std::any_of(parts.begin(), parts.end(), [](const auto& part) {
    const auto* layer = dynamic_cast<const Module*>(part.get());
    return layer != nullptr && layer->mixes_samples();
  });
}

// Evaluation mode for as long as it lives, an error's way out included.
class Evaluation {
 public:
  explicit Evaluation(torch::nn::Module& module) : module_(module) { module_.eval(); }
  ~Evaluation() { module_.train(); }
  Evaluation(const Evaluation&) = delete;
  Evaluation& operator=(const Evaluation&) = delete;

 private:
  torch::nn::Module& module_;
};

}  // namespace

Network::Network(const std::vector<Layer>& layers, const at::Device& device,
                 at::ScalarType precision, RandomStream& stream, const Init& init)
    : body_(std::make_shared<Sequential>(layers, FirstWeights(stream, init))),
      device_(device),
      precision_(precision),
      mixes_samples_(mixes(*body_)) {
  enter_device(device);
  apply_init(*body_, init, stream);
  for (const auto& [name, tensor] : state()) {
    // Counters stay whole numbers, as in Python; C++'s Module::to would convert them too.
    tensor.set_data(
        tensor.to(device, tensor.is_floating_point() ? precision : tensor.scalar_type()));
  }
}

at::Tensor Network::evaluate(const at::Tensor& input, const at::Tensor& labels,
                             const Forward& forward, double truncation_psi) {
  const at::NoGradGuard no_grad;
  const Evaluation evaluation(*body_);
  Context context{labels, nullptr};
  context.truncation_psi = truncation_psi;
  return forward ? forward(input, context) : body_->forward(input, context);
}

NamedTensors Network::state() const {
  NamedTensors out;
  collect(*body_, "", out);
  return out;
}

std::vector<std::string> Network::parameter_names() const {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : state()) {
    if (tensor.requires_grad()) names.push_back(name);
  }
  return names;
}

void Network::load(const NamedTensors& values) {
  const at::NoGradGuard no_grad;
  std::map<std::string, at::Tensor> by_name;
  for (const auto& [name, tensor] : values) by_name[name] = tensor;
  const NamedTensors own = state();
  for (const auto& [name, tensor] : own) {
    const auto found = by_name.find(name);
    if (found == by_name.end() || found->second.sizes() != tensor.sizes()) {
      throw Error("ERR_WEIGHTS", "Expected a tensor of the network's shape for " + name);
    }
  }
  for (const auto& [name, tensor] : own) tensor.copy_(by_name[name]);
}

}  // namespace sparring
