#pragma once

#include "core/nn/batch_norm.h"
#include "core/nn/weighted.h"

namespace sparring {

// Miyato and Koyama 2018: the layer `projection`, with what stands in the place of its two parts.
ModulePtr make_projection(const Layer& layer, const FirstWeights& from, const Wrap& wrap);

// De Vries et al. 2017: batch normalisation with a weight and a bias for each class.
class ConditionalBatchNorm : public Module {
 public:
  ConditionalBatchNorm(const Layer& layer, RandomStream& stream);
  // [N, C, H, W] -> [N, C, H, W]
  at::Tensor forward(const at::Tensor& input, const Context& context) override;
  bool needs_own_pass() const override { return true; }

  const std::shared_ptr<BatchNorm>& norm() const { return norm_; }
  struct Factors {
    at::Tensor weight, bias;  // [N, C]
  };
  Factors factors(const Context& context) const;

 private:
  std::shared_ptr<BatchNorm> norm_;
  ModulePtr scales_;
};

}  // namespace sparring
