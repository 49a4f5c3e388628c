// A layer that runs: a torch::nn::Module with one input and one output.
#pragma once

#include <memory>
#include <string>

#include "core/nn/architecture.h"
#include "core/random.h"
#include "core/torch.h"

namespace sparring {

class Module : public torch::nn::Module {
 public:
  virtual at::Tensor forward(const at::Tensor& input) = 0;
  // True where one sample's output depends on the others of its batch, so batches must not be
  // merged.
  virtual bool couples_samples() const { return false; }
};

using ModulePtr = std::shared_ptr<Module>;
// Builds a layer; draws its initial weights from the stream as torch.nn's constructor would.
using Builder = ModulePtr (*)(const Layer&, RandomStream&);

// Looks the type up in the table of layers and builds it. Throws ERR_ARCHITECTURE for an unknown
// one.
ModulePtr build(const Layer& layer, RandomStream& stream);

}  // namespace sparring
