#pragma once

#include "core/nn/batch_norm.h"
#include "core/nn/weighted.h"

namespace sparring {

// Miyato and Koyama 2018: the layer `projection`, with what stands in the place of its two parts.
ModulePtr make_projection(const Layer& layer, const FirstWeights& from, const Wrap& wrap);

// A score from the features alone, and one from how they match the label.
class Projection : public Module {
 public:
  Projection(const Layer& layer, RandomStream& stream, const Wrap& wrap);
  at::Tensor forward(const at::Tensor& input, const Context& context) override;
  // With another layer in the place of that which scores the features alone.
  at::Tensor score_by(const ModulePtr& linear, const at::Tensor& input,
                      const Context& context) const;
  const ModulePtr& linear() const { return linear_; }
  bool needs_own_pass() const override {
    return linear_->needs_own_pass() || embedding_->needs_own_pass();
  }
  bool repeats_itself() const override {
    return linear_->repeats_itself() && embedding_->repeats_itself();
  }

 private:
  ModulePtr linear_, embedding_;
};

// torch.nn.Embedding: a row for each class, drawn from N(0, 1).
class Embedding : public Weighted {
 public:
  Embedding(int64_t classes, int64_t width, RandomStream& stream);
  // int64 [N] -> [N, width]
  at::Tensor apply(const at::Tensor& labels, const at::Tensor& weight, const at::Tensor& bias,
                   const Context& context) const override;

 protected:
  Redrawn::Kind kind() const override { return Redrawn::kEmbedding; }
};

// An embedding of the labels, put together with the input: the embedding's weight is its own.
class LabelEmbedding : public Embedding {
 public:
  LabelEmbedding(const Layer& layer, RandomStream& stream);
  // [N, C, ...] -> [N, C + width, ...], or [N, C, ...] where it multiplies
  at::Tensor apply(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias,
                   const Context& context) const override;
  bool multiplies() const { return multiplies_; }

 private:
  bool multiplies_;
};

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
