#include "core/nn/convolution.h"

#include <ATen/autocast_mode.h>

#include <algorithm>
#include <utility>

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
  Columns(const at::Tensor& image, const at::Tensor& weight, const ConvSizes& sizes)
      : width(image.size(3)),
        kernel(weight.size(3)),
        stride(sizes.stride[1]),
        padding(sizes.padding[1]),
        dilation(sizes.dilation[1]) {}
  int64_t width, kernel, stride, padding, dilation;
  int64_t count() const { return (width + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1; }
  // Those that a transposed convolution makes.
  int64_t made(int64_t output_padding) const {
    return (width - 1) * stride - 2 * padding + dilation * (kernel - 1) + output_padding + 1;
  }
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

bool is_in_bfloat16(const at::Tensor& image) {
  return image.is_cpu() && at::autocast::is_autocast_enabled(at::kCPU);
}

// Channels of a block of oneDNN's, with AVX-512; with AVX2 it has 8.
constexpr int64_t kBlock = 16;

// Whether oneDNN first gathers the pixels that steps of a kernel of one pixel see, of images with
// fewer channels than a block.
bool is_gathered(const at::Tensor& weight, const ConvSizes& sizes) {
  const bool is_pixel = weight.size(2) == 1 && weight.size(3) == 1;
  return is_pixel && (sizes.stride[0] > 1 || sizes.stride[1] > 1) && weight.size(1) < kBlock;
}

// With its channels last, oneDNN 3.12 ends the process where all columns of the output lie in the
// padding, and reads beyond images of one channel, in bfloat16 of any number, of which one column
// is left: that of a convolution, or the gradient of what a transposed one makes. For the weights'
// gradient it writes beyond the memory in which it gathers few channels (its issue 6035).
bool is_misread(const at::Tensor& image, const at::Tensor& weight, const ConvSizes& sizes) {
  const Columns columns(image, weight, sizes);
  const int64_t left = sizes.transposed ? columns.width : columns.count();
  const bool is_one_channel = sizes.groups == 1 && weight.size(1) == 1;
  return ((is_one_channel || is_in_bfloat16(image)) && columns.stride > 1 && left == 1) ||
         (!sizes.transposed && columns.see_nothing()) || is_gathered(weight, sizes);
}

// Columns that an image is short of, beside its padding, where it has fewer than a step of the
// kernel: the image that is convolved, or what a transposed convolution makes.
int64_t lacking(int64_t padded, const ConvSizes& sizes) {
  return std::max<int64_t>(0, sizes.stride[1] - padded);
}

}  // namespace

bool is_misread_by_tiles(const at::Tensor& weight, const ConvSizes& sizes) {
  constexpr int64_t kInner = 32, kFewest = 4, kWide = 8, kLong = 4;
  const int64_t channels = weight.size(1), kernel = weight.size(3);
  return channels >= kFewest && channels < kInner && channels * kernel % kInner == 0 &&
         (kernel >= kWide || sizes.stride[1] >= kLong);
}

at::Tensor readable(const at::Tensor& image, const at::Tensor& weight, const ConvSizes& sizes) {
  const bool is_last = image.suggest_memory_format() == at::MemoryFormat::ChannelsLast;
  if (!is_last || !image.is_cpu() || !is_misread(image, weight, sizes)) return image;
  // Not contiguous(): one channel is first and last, and keeps strides that mean last.
  return image.clone(at::MemoryFormat::Contiguous);
}

namespace {

at::Tensor convolved(const at::Tensor& image, const at::Tensor& weight, const at::Tensor& bias,
                     const ConvSizes& sizes) {
  const at::Tensor x = readable(image, weight, sizes);
  if (!sizes.transposed) {
    return at::conv2d(x, weight, bias, sizes.stride, sizes.padding, sizes.dilation, sizes.groups);
  }
  return at::conv_transpose2d(x, weight, bias, sizes.stride, sizes.padding, sizes.output_padding,
                              sizes.groups, sizes.dilation);
}

// In bfloat16 oneDNN takes for a part of the weights' gradient what lies around in memory, in any
// layout, where an image has fewer columns than a step of the kernel. So such a one gets its
// padding, and what it lacks, as columns of its own; they change no number.
at::Tensor convolved_wider(const at::Tensor& image, const at::Tensor& weight,
                           const at::Tensor& bias, ConvSizes sizes) {
  const int64_t columns = sizes.padding[1], more = lacking(image.size(3) + 2 * columns, sizes);
  sizes.padding[1] = 0;
  return convolved(at::constant_pad_nd(image, {columns, columns + more}), weight, bias, sizes);
}

// The same where what is made is the narrow one.
at::Tensor transposed_wider(const at::Tensor& image, const at::Tensor& weight,
                            const at::Tensor& bias, ConvSizes sizes, int64_t width) {
  const int64_t columns = sizes.padding[1];
  sizes.output_padding[1] += lacking(width + 2 * columns, sizes);
  sizes.padding[1] = 0;
  return convolved(image, weight, bias, sizes).narrow(3, columns, width);
}

// With AMX oneDNN multiplies by zeros what lies around in memory, in any layout, where a step of
// several columns leaves one column: NaN where that is NaN, as it is now and then. A step of one
// column has no such fault.

bool makes_a_column(const at::Tensor& image, const at::Tensor& weight, const ConvSizes& sizes) {
  return is_in_bfloat16(image) && sizes.stride[1] > 1 && Columns(image, weight, sizes).count() == 1;
}

// Of the columns that the kernel sees, all at once.
at::Tensor convolved_to_column(const at::Tensor& image, const at::Tensor& weight,
                               const at::Tensor& bias, ConvSizes sizes) {
  const int64_t before = std::exchange(sizes.padding[1], 0);
  const int64_t seen = sizes.dilation[1] * (weight.size(3) - 1) + 1;
  sizes.stride[1] = 1;
  return convolved(at::constant_pad_nd(image, {before, seen - before - image.size(3)}), weight,
                   bias, sizes);
}

// The same where one column is what a transposed one takes.
at::Tensor transposed_of_column(const at::Tensor& image, const at::Tensor& weight,
                                const at::Tensor& bias, ConvSizes sizes, int64_t width) {
  const int64_t before = std::exchange(sizes.padding[1], 0);
  sizes.stride[1] = 1;
  sizes.output_padding[1] = 0;
  const at::Tensor whole = convolved(image, weight, /*bias=*/{}, sizes);
  const at::Tensor made = at::constant_pad_nd(whole, {-before, before + width - whole.size(3)});
  return bias.defined() ? made + bias.to(made.scalar_type()).view({-1, 1, 1}) : made;
}

// One tap more, which is zero, keeps such a kernel from the fault of is_misread_by_tiles().
at::Tensor with_zero_tap(const at::Tensor& weight) { return at::constant_pad_nd(weight, {0, 1}); }

}  // namespace

Conv2d::Conv2d(const Layer& layer, RandomStream& stream) : sizes_(sizes_of(layer, false)) {
  const Shape& kernel = layer.options.shape("kernelSize");
  const int64_t in = layer.options.integer("inChannels");
  const int64_t out = layer.options.integer("outChannels");
  own({out, in / sizes_.groups, kernel[0], kernel[1]}, out, layer.options.flag("bias"), stream);
}

at::Tensor Conv2d::apply(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias,
                         const Context&) const {
  if (makes_a_column(input, weight, sizes_)) {
    return convolved_to_column(input, weight, bias, sizes_);
  }
  if (is_in_bfloat16(input) && is_misread_by_tiles(weight, sizes_)) {
    return convolved(at::constant_pad_nd(input, {0, sizes_.dilation[1]}), with_zero_tap(weight),
                     bias, sizes_);
  }
  const bool is_narrow = input.size(3) < sizes_.stride[1];
  return is_narrow && is_in_bfloat16(input) ? convolved_wider(input, weight, bias, sizes_)
                                            : convolved(input, weight, bias, sizes_);
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
  const int64_t width = Columns(input, weight, sizes_).made(sizes_.output_padding[1]);
  if (is_in_bfloat16(input) && sizes_.stride[1] > 1 && input.size(3) == 1) {
    return transposed_of_column(input, weight, bias, sizes_, width);
  }
  if (is_in_bfloat16(input) && is_misread_by_tiles(weight, sizes_)) {
    return convolved(input, with_zero_tap(weight), bias, sizes_).narrow(3, 0, width);
  }
  const bool is_narrow = width < sizes_.stride[1];
  return is_narrow && is_in_bfloat16(input) ? transposed_wider(input, weight, bias, sizes_, width)
                                            : convolved(input, weight, bias, sizes_);
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
