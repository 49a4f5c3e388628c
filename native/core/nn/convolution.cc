#include "core/nn/convolution.h"

#include "core/nn/families.h"

namespace sparring {

namespace {

ConvSizes sizes_of(const Layer& layer, bool transposed) {
  return {.stride = layer.options.shape("stride"),
          .padding = layer.options.shape("padding"),
          .dilation = layer.options.shape("dilation"),
          .output_padding = transposed ? layer.options.shape("outputPadding") : Shape{0, 0},
          .groups = layer.options.integer("groups"),
          .transposed = transposed};
}

}  // namespace

Conv2d::Conv2d(const Layer& layer, RandomStream& stream) : sizes_(sizes_of(layer, false)) {
  const Shape& kernel = layer.options.shape("kernelSize");
  const int64_t in = layer.options.integer("inChannels");
  const int64_t out = layer.options.integer("outChannels");
  own({out, in / sizes_.groups, kernel[0], kernel[1]}, out, layer.options.flag("bias"), stream);
}

at::Tensor Conv2d::apply(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias,
                         const Context&) const {
  return at::conv2d(input, weight, bias, sizes_.stride, sizes_.padding, sizes_.dilation,
                    sizes_.groups);
}

ConvTranspose2d::ConvTranspose2d(const Layer& layer, RandomStream& stream)
    : sizes_(sizes_of(layer, true)) {
  const Shape& kernel = layer.options.shape("kernelSize");
  const int64_t in = layer.options.integer("inChannels");
  const int64_t out = layer.options.integer("outChannels");
  own({in, out / sizes_.groups, kernel[0], kernel[1]}, out, layer.options.flag("bias"), stream);
}

at::Tensor ConvTranspose2d::apply(const at::Tensor& input, const at::Tensor& weight,
                                  const at::Tensor& bias, const Context&) const {
  return at::conv_transpose2d(input, weight, bias, sizes_.stride, sizes_.padding,
                              sizes_.output_padding, sizes_.groups, sizes_.dilation);
}

bool ConvTranspose2d::is_product_on_a_pixel() const {
  const Shape none{0, 0};
  return sizes_.padding == none && sizes_.output_padding == none &&
         sizes_.dilation == Shape{1, 1} && sizes_.groups == 1;
}

bool ConvTranspose2d::doubles() const {
  return weight().size(2) == 4 && weight().size(3) == 4 && sizes_.stride == Shape{2, 2} &&
         sizes_.padding == Shape{1, 1} && sizes_.output_padding == Shape{0, 0} &&
         sizes_.dilation == Shape{1, 1} && sizes_.groups == 1;
}

ModulePtr build_conv2d(const Layer& layer, const FirstWeights& from) {
  return std::make_shared<Conv2d>(layer, from.stream);
}

ModulePtr build_conv_transpose2d(const Layer& layer, const FirstWeights& from) {
  return std::make_shared<ConvTranspose2d>(layer, from.stream);
}

}  // namespace sparring
