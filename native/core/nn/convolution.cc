#include "core/nn/convolution.h"

#include "core/nn/families.h"

namespace sparring {

Conv2d::Conv2d(const Layer& layer, RandomStream& stream)
    : stride_(layer.options.shape("stride")),
      padding_(layer.options.shape("padding")),
      dilation_(layer.options.shape("dilation")),
      groups_(layer.options.integer("groups")) {
  const Shape& kernel = layer.options.shape("kernelSize");
  const int64_t in = layer.options.integer("inChannels");
  const int64_t out = layer.options.integer("outChannels");
  own({out, in / groups_, kernel[0], kernel[1]}, out, layer.options.flag("bias"), stream);
}

at::Tensor Conv2d::apply(const at::Tensor& input, const at::Tensor& weight,
                         const at::Tensor& bias) const {
  return at::conv2d(input, weight, bias, stride_, padding_, dilation_, groups_);
}

ConvTranspose2d::ConvTranspose2d(const Layer& layer, RandomStream& stream)
    : stride_(layer.options.shape("stride")),
      padding_(layer.options.shape("padding")),
      output_padding_(layer.options.shape("outputPadding")),
      dilation_(layer.options.shape("dilation")),
      groups_(layer.options.integer("groups")) {
  const Shape& kernel = layer.options.shape("kernelSize");
  const int64_t in = layer.options.integer("inChannels");
  const int64_t out = layer.options.integer("outChannels");
  own({in, out / groups_, kernel[0], kernel[1]}, out, layer.options.flag("bias"), stream);
}

at::Tensor ConvTranspose2d::apply(const at::Tensor& input, const at::Tensor& weight,
                                  const at::Tensor& bias) const {
  return at::conv_transpose2d(input, weight, bias, stride_, padding_, output_padding_, groups_,
                              dilation_);
}

bool ConvTranspose2d::is_product_on_a_pixel() const {
  const Shape none{0, 0};
  return padding_ == none && output_padding_ == none && dilation_ == Shape{1, 1} && groups_ == 1;
}

bool ConvTranspose2d::doubles() const {
  return weight().size(2) == 4 && weight().size(3) == 4 && stride_ == Shape{2, 2} &&
         padding_ == Shape{1, 1} && output_padding_ == Shape{0, 0} && dilation_ == Shape{1, 1} &&
         groups_ == 1;
}

ModulePtr build_conv2d(const Layer& layer, const FirstWeights& from) {
  return std::make_shared<Conv2d>(layer, from.stream);
}

ModulePtr build_conv_transpose2d(const Layer& layer, const FirstWeights& from) {
  return std::make_shared<ConvTranspose2d>(layer, from.stream);
}

}  // namespace sparring
