#pragma once

#include "core/nn/weighted.h"

namespace sparring {

// A layer with its weight divided by the weight's largest singular value.
class SpectralNorm : public Module {
 public:
  SpectralNorm(std::shared_ptr<Weighted> inner, const Options& options, const FirstWeights& from);
  at::Tensor forward(const at::Tensor& input, const Context& context) override;
  // Every pass of training turns the vectors a little further.
  bool needs_own_pass() const override { return true; }
  bool repeats_itself() const override { return false; }

  // What a pass turns: whatever the batch is, but for the weight.
  std::vector<at::Tensor> vectors() const { return {u_, v_}; }
  // The weight of one pass; in training each call is a pass.
  at::Tensor next_weight();
  const std::shared_ptr<Weighted>& inner() const { return inner_; }

 private:
  at::Tensor drawn(int64_t size, RandomStream& stream) const;
  at::Tensor as_matrix(const at::Tensor& weight) const;
  // The power method towards the largest singular value's vectors.
  void iterate(const at::Tensor& matrix, int64_t times);

  std::shared_ptr<Weighted> inner_;
  int64_t iterations_;
  double eps_;
  at::Tensor u_, v_;
};

}  // namespace sparring
