// First weights: those of torch.nn, and what is drawn in their place.
#pragma once

#include "core/options.h"
#include "core/random.h"
#include "core/torch.h"

namespace sparring {

// Linear's and Conv's reset_parameters: weight from kaiming_uniform_(a=sqrt(5)), then bias from
// U(-1/sqrt(fan_in), 1/sqrt(fan_in)). He et al. 2015, equation 7. `bias` may be undefined.
void init_weight_and_bias(at::Tensor& weight, at::Tensor& bias, RandomStream& stream);

// The tensors of a layer that are drawn anew. The bias may be undefined.
struct Redrawn {
  enum Kind { kLinear, kConvolution, kBatchNorm, kEmbedding } kind;
  at::Tensor weight, bias;
};

// Draws weights anew, bit for bit as torch.nn.init does: a row of the table in init.cc.
class Init {
 public:
  using Rule = void (*)(const Redrawn&, const Options&, at::Generator&);

  // Leaves every weight as it is.
  Init() = default;
  // Throws ERR_NATIVE for an unknown type.
  explicit Init(const Choice& choice);
  void draw(const Redrawn& layer, RandomStream& stream) const;

 private:
  Rule rule_ = nullptr;
  Options options_;
};

}  // namespace sparring
