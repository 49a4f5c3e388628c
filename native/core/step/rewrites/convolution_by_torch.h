// A convolution of any kind by libtorch, its derivatives by libtorch's first ones.
#pragma once

#include "core/nn/convolution.h"
#include "core/step/rewrites/bilinear.h"

namespace sparring {

class ConvolutionByTorch : public Bilinear {
 public:
  explicit ConvolutionByTorch(ConvSizes sizes) : sizes_(std::move(sizes)) {}
  at::Tensor output(const at::Tensor& image, const at::Tensor& weight,
                    const at::Tensor& bias) const override;
  at::Tensor image_gradient(const at::Tensor& gradient, const at::Tensor& weight,
                            at::IntArrayRef sizes) const override;
  at::Tensor weight_gradient(const at::Tensor& image, const at::Tensor& gradient,
                             at::IntArrayRef sizes) const override;

 private:
  // Both gradients are one function of libtorch's. `image` and `weight` have the sizes, and only
  // the one that is multiplied has values.
  at::Tensor gradient_for(size_t which, const at::Tensor& gradient, const at::Tensor& image,
                          const at::Tensor& weight) const;

  ConvSizes sizes_;
};

}  // namespace sparring
