#include "core/step/rewrites/narrow_conv.h"

#include "core/linalg/product.h"
#include "core/step/rewrites/bilinear_form.h"
#include "core/step/rewrites/conv_source.h"
#include "core/step/rewrites/rows.h"

namespace sparring {
namespace {

// Taps and sizes of a pass.
struct Sizes {
  int64_t batch, in, height, width, out, kernel, padding;
  int64_t taps() const { return out * kernel * kernel; }
  int64_t pixels() const { return batch * height * width; }
};

Sizes sizes_of(at::IntArrayRef image, at::IntArrayRef weight) {
  const int64_t kernel = weight[2];
  return {image[0], image[1], image[2], image[3], weight[0], kernel, kernel / 2};
}

// [out, in, k, k] as [out·k·k, in].
at::Tensor as_taps(const at::Tensor& weight) {
  return weight.permute({0, 2, 3, 1}).reshape({-1, weight.size(1)});
}

// For tap (row, column): where its contribution to an output comes from.
template <class Function>
void for_taps(const Sizes& sizes, const Function& function) {
  for (int64_t out = 0; out < sizes.out; ++out) {
    for (int64_t row = 0; row < sizes.kernel; ++row) {
      for (int64_t column = 0; column < sizes.kernel; ++column) {
        function((out * sizes.kernel + row) * sizes.kernel + column, out, row, column);
      }
    }
  }
}

at::Tensor padded(const at::Tensor& planes, const Sizes& sizes) {
  const int64_t by = sizes.padding;
  return at::constant_pad_nd(planes, {by, by, by, by});
}

at::Tensor convolve(const at::Tensor& input, const at::Tensor& weight) {
  const Sizes sizes = sizes_of(input.sizes(), weight.sizes());
  const at::Tensor products = at::empty({sizes.taps(), sizes.pixels()}, input.options());
  product(products, as_taps(weight), as_rows(input).t());
  const at::Tensor planes =
      padded(products.view({sizes.taps(), sizes.batch, sizes.height, sizes.width}), sizes);
  const at::Tensor output =
      at::zeros({sizes.batch, sizes.out, sizes.height, sizes.width}, input.options());
  for_taps(sizes, [&](int64_t tap, int64_t out, int64_t row, int64_t column) {
    output.select(1, out).add_(
        planes.select(0, tap).narrow(1, row, sizes.height).narrow(2, column, sizes.width));
  });
  return output;
}

// For every tap the gradient of the output that it went to, [out·k·k, N·H·W].
at::Tensor spread(const at::Tensor& gradient, const Sizes& sizes) {
  const at::Tensor planes = padded(gradient, sizes);
  const at::Tensor all =
      at::empty({sizes.taps(), sizes.batch, sizes.height, sizes.width}, gradient.options());
  const int64_t last = sizes.kernel - 1;
  for_taps(sizes, [&](int64_t tap, int64_t out, int64_t row, int64_t column) {
    all.select(0, tap).copy_(planes.select(1, out)
                                 .narrow(1, last - row, sizes.height)
                                 .narrow(2, last - column, sizes.width));
  });
  return all.view({sizes.taps(), sizes.pixels()});
}

class ByTaps : public Bilinear {
 public:
  at::Tensor output(const at::Tensor& image, const at::Tensor& weight,
                    const at::Tensor& bias) const override {
    return with_bias(convolve(image, weight), bias);
  }
  at::Tensor image_gradient(const at::Tensor& gradient, const at::Tensor& weight,
                            at::IntArrayRef image) const override {
    const Sizes sizes = sizes_of(image, weight.sizes());
    const at::Tensor rows = at::empty({sizes.pixels(), sizes.in}, gradient.options());
    product(rows, spread(gradient, sizes).t(), as_taps(weight));
    return rows.view({sizes.batch, sizes.height, sizes.width, sizes.in}).permute({0, 3, 1, 2});
  }
  at::Tensor weight_gradient(const at::Tensor& image, const at::Tensor& gradient,
                             at::IntArrayRef weight) const override {
    const Sizes sizes = sizes_of(image.sizes(), weight);
    const at::Tensor flat = at::empty({sizes.taps(), sizes.in}, image.options());
    product(flat, spread(gradient, sizes), as_rows(image));
    return flat.view({sizes.out, sizes.kernel, sizes.kernel, sizes.in}).permute({0, 3, 1, 2});
  }
};

}  // namespace

Verdict fuse_narrow_conv(const ModulePtr& conv) {
  const auto convolution = std::dynamic_pointer_cast<Conv2d>(conv);
  if (!convolution) return {};
  const at::Tensor& weight = convolution->weight();
  const int64_t out = weight.size(0), in = weight.size(1), kernel = weight.size(2);
  // Most convolutions: nothing to tell.
  if (out > 4) return {};
  if (!weight.is_cpu()) return refuse("cuDNN's kernels are not the CPU's");
  if (in < 16) return refuse("it needs at least 16 input channels");
  // Or the products would take more memory than they save time.
  if (out * kernel * kernel > 2 * in) return refuse("it has more taps than twice the channels");
  if (!ConvSource::of(conv)->keeps_size(kernel)) return refuse("it does not keep the size");
  return {std::make_shared<BilinearForm>(convolution, c10::make_intrusive<ByTaps>()), ""};
}

}  // namespace sparring
