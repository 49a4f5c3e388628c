// What is linear in an image and linear in a weight, as a convolution is. Its derivatives are of
// the same kind,
//   <g, output(x, w)> = <x, image_gradient(g, w)> = <w, weight_gradient(x, g)>,
// so the second ones, which a discriminator learns by under a penalty, are those three once more.
// libtorch makes the weight's second derivative of a convolution by a convolution whose kernel is
// as large as the image, which takes longer for all but wide strided ones (docs/performance.md).
#pragma once

#include "core/torch.h"

namespace sparring {

// Its derivatives' graphs hold it, too.
class Bilinear : public torch::CustomClassHolder {
 public:
  // An image in the digits that it is computed with; the derivatives come in them, too.
  virtual at::Tensor taken(const at::Tensor& image) const { return image; }
  // [N, out, ...] of an image [N, in, ...]; plus a bias [out] where there is one.
  virtual at::Tensor output(const at::Tensor& image, const at::Tensor& weight,
                            const at::Tensor& bias) const = 0;
  // Of an image of those sizes.
  virtual at::Tensor image_gradient(const at::Tensor& gradient, const at::Tensor& weight,
                                    at::IntArrayRef sizes) const = 0;
  // Of a weight of those sizes.
  virtual at::Tensor weight_gradient(const at::Tensor& image, const at::Tensor& gradient,
                                     at::IntArrayRef sizes) const = 0;
  // Of the bias, with a graph of any derivative: each output channel's sum, over samples and
  // pixels.
  virtual at::Tensor bias_gradient(const at::Tensor& gradient) const;
};

using BilinearPtr = c10::intrusive_ptr<Bilinear>;

// The output, with a graph of any derivative.
at::Tensor apply(const BilinearPtr& by, const at::Tensor& image, const at::Tensor& weight,
                 const at::Tensor& bias = {});

// In place: nobody else has the output yet.
at::Tensor with_bias(at::Tensor output, const at::Tensor& bias);

}  // namespace sparring
