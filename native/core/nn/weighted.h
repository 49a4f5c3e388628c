// A layer that is linear in one weight: what spectral normalisation can wrap.
#pragma once

#include <functional>

#include "core/nn/module.h"

namespace sparring {

class Weighted : public Module {
 public:
  at::Tensor forward(const at::Tensor& input, const Context& context = {}) override {
    return apply(input, weight_, bias_, context);
  }
  // The layer with another weight, or another bias, in the place of its own; no bias if undefined.
  virtual at::Tensor apply(const at::Tensor& input, const at::Tensor& weight,
                           const at::Tensor& bias, const Context& context = {}) const = 0;
  // The axis of the weight that counts the outputs.
  virtual int64_t output_axis() const { return 0; }
  // Their number, over all groups.
  virtual int64_t outputs() const { return weight_.size(0); }
  void draw_anew(const Init& init, RandomStream& stream) const override;
  const at::Tensor& weight() const { return weight_; }
  const at::Tensor& bias() const { return bias_; }

 protected:
  virtual Redrawn::Kind kind() const = 0;
  // Registers both and draws them as torch.nn does.
  void own(const Shape& weight, int64_t out, bool bias, RandomStream& stream);

  at::Tensor weight_, bias_;
};

// What stands in a layer's place: the layer itself, or the layer with its weight normalised.
using Wrap = std::function<ModulePtr(const std::shared_ptr<Weighted>&)>;

}  // namespace sparring
