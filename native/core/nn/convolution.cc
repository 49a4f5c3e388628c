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

// How a kernel goes over the columns of an image.
struct Columns {
  int64_t width, kernel, stride, padding, dilation;
  int64_t count() const { return (width + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1; }
  bool sees(int64_t column) const {
    for (int64_t tap = 0; tap < kernel; ++tap) {
      const int64_t at = column * stride - padding + tap * dilation;
      if (at >= 0 && at < width) return true;
    }
    return false;
  }
  bool see_nothing() const {
    for (int64_t column = 0; column < count(); ++column) {
      if (sees(column)) return false;
    }
    return true;
  }
};

// With its channels last, oneDNN 3.12 ends the process where all columns of the output lie in the
// padding, and reads beyond an image of one channel of which one column is left: that of a
// convolution, or the gradient of what a transposed one makes.
bool is_misread(const at::Tensor& image, const at::Tensor& weight, const ConvSizes& sizes) {
  const Columns columns{image.size(3), weight.size(3), sizes.stride[1], sizes.padding[1],
                        sizes.dilation[1]};
  const int64_t left = sizes.transposed ? columns.width : columns.count();
  const bool is_one_channel = sizes.groups == 1 && weight.size(1) == 1;
  return (is_one_channel && columns.stride > 1 && left == 1) ||
         (!sizes.transposed && columns.see_nothing());
}

}  // namespace

at::Tensor readable(const at::Tensor& image, const at::Tensor& weight, const ConvSizes& sizes) {
  const bool is_last = image.suggest_memory_format() == at::MemoryFormat::ChannelsLast;
  if (!is_last || !image.is_cpu() || !is_misread(image, weight, sizes)) return image;
  // Not contiguous(): one channel is first and last, and keeps strides that mean last.
  return image.clone(at::MemoryFormat::Contiguous);
}

Conv2d::Conv2d(const Layer& layer, RandomStream& stream) : sizes_(sizes_of(layer, false)) {
  const Shape& kernel = layer.options.shape("kernelSize");
  const int64_t in = layer.options.integer("inChannels");
  const int64_t out = layer.options.integer("outChannels");
  own({out, in / sizes_.groups, kernel[0], kernel[1]}, out, layer.options.flag("bias"), stream);
}

at::Tensor Conv2d::apply(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias,
                         const Context&) const {
  return at::conv2d(readable(input, weight, sizes_), weight, bias, sizes_.stride, sizes_.padding,
                    sizes_.dilation, sizes_.groups);
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
  return at::conv_transpose2d(readable(input, weight, sizes_), weight, bias, sizes_.stride,
                              sizes_.padding, sizes_.output_padding, sizes_.groups,
                              sizes_.dilation);
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
