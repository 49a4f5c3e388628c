// A layer whose weight and input meet in a Bilinear.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "core/nn/weighted.h"
#include "core/step/rewrites/bilinear.h"
#include "core/step/rewrites/conv_source.h"
#include "core/step/rewrites/rewrite.h"

namespace sparring {

class BilinearForm : public Rewrite {
 public:
  BilinearForm(std::shared_ptr<Weighted> layer, BilinearPtr by)
      : layer_(std::move(layer)),
        weight_([at = layer_] { return at->weight(); }),
        by_(std::move(by)) {}
  BilinearForm(ConvSource source, BilinearPtr by)
      : layer_(std::move(source.conv)), weight_(std::move(source.weight)), by_(std::move(by)) {}
  at::Tensor apply(const at::Tensor& input, const at::Tensor& bias) const override {
    return sparring::apply(by_, input, weight_(), bias);
  }
  const at::Tensor& bias() const override { return layer_->bias(); }

 private:
  std::shared_ptr<Weighted> layer_;
  std::function<at::Tensor()> weight_;
  BilinearPtr by_;
};

}  // namespace sparring
