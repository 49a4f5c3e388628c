#pragma once

#include "core/nn/weighted.h"

namespace sparring {

class Conv2d : public Weighted {
 public:
  Conv2d(const Layer& layer, RandomStream& stream);
  // [N, C, H, W] -> [N, out, H', W']
  at::Tensor apply(const at::Tensor& input, const at::Tensor& weight,
                   const at::Tensor& bias) const override;
  // For the rewrites of step/, which run the same parameters in another form.
  const Shape& stride() const { return stride_; }
  const Shape& padding() const { return padding_; }
  const Shape& dilation() const { return dilation_; }
  int64_t groups() const { return groups_; }

 protected:
  Redrawn::Kind kind() const override { return Redrawn::kConvolution; }

 private:
  Shape stride_, padding_, dilation_;
  int64_t groups_;
};

class ConvTranspose2d : public Weighted {
 public:
  ConvTranspose2d(const Layer& layer, RandomStream& stream);
  // [N, C, H, W] -> [N, out, H', W']
  at::Tensor apply(const at::Tensor& input, const at::Tensor& weight,
                   const at::Tensor& bias) const override;
  int64_t output_axis() const override { return 1; }
  // On a single pixel: every output pixel is one product, [N, in] with [in, out · kH · kW].
  bool is_product_on_a_pixel() const;
  // A 4x4 kernel that makes an image of twice the height and width.
  bool doubles() const;

 protected:
  Redrawn::Kind kind() const override { return Redrawn::kConvolution; }

 private:
  Shape stride_, padding_, output_padding_, dilation_;
  int64_t groups_;
};

}  // namespace sparring
