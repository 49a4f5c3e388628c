#pragma once

#include "core/nn/weighted.h"

namespace sparring {

// How a kernel goes over an image, in rows and columns.
struct ConvSizes {
  Shape stride, padding, dilation, output_padding{0, 0};
  int64_t groups = 1;
  bool transposed = false;
};

// An image as a convolution can be trusted with it: in the layout that it has, or in a copy with
// its channels first where oneDNN has a fault in the other one.
at::Tensor readable(const at::Tensor& image, const at::Tensor& weight, const ConvSizes& sizes);

// In bfloat16, with AMX, oneDNN's product of an image and such a kernel is silently wrong in any
// layout: one whose row of few channels fills whole tiles, if it is wide or its steps are long. It
// is the value of a convolution, and the gradient at the image of a transposed one.
bool is_misread_by_tiles(const at::Tensor& weight, const ConvSizes& sizes);

class Conv2d : public Weighted {
 public:
  Conv2d(const Layer& layer, RandomStream& stream);
  // [N, C, H, W] -> [N, out, H', W']
  at::Tensor apply(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias,
                   const Context& = {}) const override;
  // For the rewrites of step/, which run the same parameters in another form.
  const ConvSizes& sizes() const { return sizes_; }

 protected:
  Redrawn::Kind kind() const override { return Redrawn::kConvolution; }

 private:
  ConvSizes sizes_;
};

class ConvTranspose2d : public Weighted {
 public:
  ConvTranspose2d(const Layer& layer, RandomStream& stream);
  // [N, C, H, W] -> [N, out, H', W']
  at::Tensor apply(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias,
                   const Context& = {}) const override;
  int64_t output_axis() const override { return 1; }
  int64_t outputs() const override { return weight_.size(1) * sizes_.groups; }
  // On a single pixel: every output pixel is one product, [N, in] with [in, out · kH · kW].
  bool is_product_on_a_pixel() const;
  // A 4x4 kernel that makes an image of twice the height and width.
  bool doubles() const;
  const ConvSizes& sizes() const { return sizes_; }

 protected:
  Redrawn::Kind kind() const override { return Redrawn::kConvolution; }

 private:
  ConvSizes sizes_;
};

}  // namespace sparring
