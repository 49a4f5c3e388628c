#pragma once

#include "core/nn/module.h"

namespace sparring {

// What batch normalisation computes with. Any of the tensors, [C], may be undefined.
struct NormRule {
  at::Tensor weight, bias, running_mean, running_var;
  double momentum, eps;
};

// x, [N, C, ...], by the statistics of the batch; updates the running ones. Where ranks normalise
// together it is the batch of all of them (sync_batch_norm.cc); else it is torch's own.
at::Tensor normalize_batch(const at::Tensor& x, const NormRule& rule, const TogetherPtr& together);

// Updates the running statistics. As in torch, the running variance is the unbiased one.
void keep_statistics(const NormRule& rule, const BatchMoments& batch);

// Ioffe and Szegedy 2015. One module for [N, C] and [N, C, H, W], as the arithmetic is the same.
class BatchNorm : public Module {
 public:
  explicit BatchNorm(const Layer& layer);
  at::Tensor forward(const at::Tensor& input, const Context& context) override;
  bool needs_own_pass() const override { return true; }
  // Without statistics that are kept a batch is always normalised by its own.
  bool mixes_samples() const override { return !mean_.defined(); }
  void draw_anew(const Init& init, RandomStream& stream) const override;

  NormRule rule() const { return {weight_, bias_, mean_, variance_, momentum_, eps_}; }
  int64_t features() const { return features_; }
  double eps() const { return eps_; }
  double momentum() const { return momentum_; }
  // Undefined where the layer has none.
  const at::Tensor& weight() const { return weight_; }
  const at::Tensor& bias() const { return bias_; }
  const at::Tensor& running_mean() const { return mean_; }
  const at::Tensor& running_var() const { return variance_; }
  const at::Tensor& batches() const { return batches_; }

 private:
  int64_t features_;
  double eps_, momentum_;
  at::Tensor weight_, bias_, mean_, variance_, batches_;
};

}  // namespace sparring
