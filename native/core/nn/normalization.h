#pragma once

#include "core/nn/module.h"

namespace sparring {

// x, [N, C, H, W], each channel of each sample by its own mean and variance. Weight and bias, [C],
// may be undefined.
at::Tensor normalize_instances(const at::Tensor& x, const at::Tensor& weight,
                               const at::Tensor& bias, double eps);

// x, [N, C, ...], the channels of each sample in groups; the same.
at::Tensor normalize_groups(const at::Tensor& x, int64_t groups, const at::Tensor& weight,
                            const at::Tensor& bias, double eps);

// Ulyanov et al. 2016.
class InstanceNorm : public Module {
 public:
  explicit InstanceNorm(const Layer& layer);
  at::Tensor forward(const at::Tensor& input, const Context& context) override;
  int64_t features() const { return features_; }
  double eps() const { return eps_; }
  // Undefined where the layer has none.
  const at::Tensor& weight() const { return weight_; }
  const at::Tensor& bias() const { return bias_; }

 private:
  int64_t features_;
  double eps_;
  at::Tensor weight_, bias_;
};

// Wu and He 2018.
class GroupNorm : public Module {
 public:
  explicit GroupNorm(const Layer& layer);
  at::Tensor forward(const at::Tensor& input, const Context& context) override;
  int64_t groups() const { return groups_; }
  double eps() const { return eps_; }
  // Undefined where the layer has none.
  const at::Tensor& weight() const { return weight_; }
  const at::Tensor& bias() const { return bias_; }

 private:
  int64_t groups_;
  double eps_;
  at::Tensor weight_, bias_;
};

// Ba et al. 2016: every sample by itself.
class LayerNorm : public Module {
 public:
  explicit LayerNorm(const Layer& layer);
  at::Tensor forward(const at::Tensor& input, const Context& context) override;
  const Shape& shape() const { return shape_; }
  double eps() const { return eps_; }
  // Undefined where the layer has none.
  const at::Tensor& weight() const { return weight_; }
  const at::Tensor& bias() const { return bias_; }

 private:
  Shape shape_;
  double eps_;
  at::Tensor weight_, bias_;
};

// x, [N, C, ...], each pixel's vector of channels scaled to unit mean square.
at::Tensor normalize_pixels(const at::Tensor& x, double eps);

// Karras et al. 2018.
class PixelNorm : public Module {
 public:
  explicit PixelNorm(double eps) : eps_(eps) {}
  at::Tensor forward(const at::Tensor& input, const Context&) override {
    return normalize_pixels(input, eps_);
  }
  double eps() const { return eps_; }

 private:
  double eps_;
};

}  // namespace sparring
