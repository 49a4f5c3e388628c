// A layer that runs: a torch::nn::Module with one input and one output.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "core/distributed/together.h"
#include "core/nn/architecture.h"
#include "core/nn/init.h"
#include "core/random.h"
#include "core/torch.h"

namespace sparring {

// What a pass has beside its input.
struct Context {
  at::Tensor labels;               // int64 [N]; undefined for an unconditional network
  RandomStream* stream = nullptr;  // where layers draw; null in evaluation
  // Who normalises the batch with this rank. Null where nobody does, and in evaluation: whoever
  // looks at a network outside of a step looks alone, and must not wait for the others.
  TogetherPtr together = {};
  // What a mapping made for the layers here, [N, features]; undefined outside of a synthesis.
  at::Tensor style = {};
  // Where styles are mixed, the one that layers see from that one of them on (0-dim, int64).
  at::Tensor other_style = {}, crossover = {};
  // How far from their mean styles are in evaluation, in parts of how far they would be.
  double truncation_psi = 1;
  // Where all that mappings make is to go, too, for whoever differentiates down to it; null where
  // nobody does.
  std::vector<at::Tensor>* styles = nullptr;
};

// What layers make of their input, and of what comes with it.
using Forward = std::function<at::Tensor(const at::Tensor&, const Context&)>;

class Module : public torch::nn::Module {
 public:
  virtual at::Tensor forward(const at::Tensor& input, const Context& context = {}) = 0;
  // True where a pass over two batches at once is not two passes: samples influence each other
  // (batch normalisation), or a pass draws numbers or changes the layer (dropout, noise, spectral
  // normalisation).
  virtual bool needs_own_pass() const { return false; }
  // True where a second pass over a batch computes what the first one did: no numbers are drawn,
  // and nothing turns. Running statistics are moved on, and have no part in it.
  virtual bool repeats_itself() const { return true; }
  // True where in evaluation, too, what comes of a sample depends on the others of its batch. What
  // holds modules need not ask them.
  virtual bool mixes_samples() const { return false; }
  // Hands its weight and bias to what draws them anew; most layers have none that it would.
  virtual void draw_anew(const Init&, RandomStream&) const {}
};

// Where a layer's first weights come from.
struct FirstWeights {
  // Implicit, as most that build a layer have a stream and nothing to draw anew.
  FirstWeights(RandomStream& stream, Init anew = {}) : stream(stream), anew(std::move(anew)) {}

  RandomStream& stream;
  // Who has built a whole network has it drawn anew, as torch.nn.Module.apply does; a layer that
  // looks at a weight when it is made (spectral normalisation) does so before it looks.
  Init anew;
};

using ModulePtr = std::shared_ptr<Module>;
// Builds a layer; draws its initial weights from the stream as torch.nn's constructor would.
using Builder = ModulePtr (*)(const Layer&, const FirstWeights&);

// Looks the type up in the table of layers and builds it. Throws ERR_NATIVE for an unknown one.
ModulePtr build(const Layer& layer, const FirstWeights& from);

}  // namespace sparring
