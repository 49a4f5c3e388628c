#include "core/step/rewrites/narrow_conv.h"

#include <torch/csrc/autograd/custom_function.h>

#include "core/linalg/product.h"
#include "core/step/rewrites/conv_source.h"
#include "core/step/rewrites/rows.h"

namespace sparring {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Taps and sizes of a pass.
struct Sizes {
  int64_t batch, in, height, width, out, kernel, padding;
  int64_t taps() const { return out * kernel * kernel; }
  int64_t pixels() const { return batch * height * width; }
};

Sizes sizes_of(const at::Tensor& input, const at::Tensor& weight) {
  const int64_t kernel = weight.size(2);
  return {input.size(0),  input.size(1), input.size(2), input.size(3),
          weight.size(0), kernel,        kernel / 2};
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
  const Sizes sizes = sizes_of(input, weight);
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

class NarrowFunction : public torch::autograd::Function<NarrowFunction> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& input,
                            const at::Tensor& weight) {
    context->save_for_backward({input, weight});
    return convolve(input, weight);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &input = saved[0], &weight = saved[1];
    const Sizes sizes = sizes_of(input, weight);
    if (at::GradMode::is_enabled()) return differentiable(*context, gradients[0], input, weight);
    const at::Tensor taps = spread(gradients[0], sizes);
    variable_list wanted(2);
    if (context->needs_input_grad(0)) {
      const at::Tensor rows = at::empty({sizes.pixels(), sizes.in}, input.options());
      product(rows, taps.t(), as_taps(weight));
      wanted[0] =
          rows.view({sizes.batch, sizes.height, sizes.width, sizes.in}).permute({0, 3, 1, 2});
    }
    if (context->needs_input_grad(1)) {
      const at::Tensor flat = at::empty({sizes.taps(), sizes.in}, input.options());
      product(flat, taps, as_rows(input));
      wanted[1] =
          flat.view({sizes.out, sizes.kernel, sizes.kernel, sizes.in}).permute({0, 3, 1, 2});
    }
    return wanted;
  }

 private:
  // The same with a graph of its own.
  static variable_list differentiable(const AutogradContext& context, const at::Tensor& gradient,
                                      const at::Tensor& input, const at::Tensor& weight) {
    const int64_t padding = weight.size(2) / 2;
    const auto [of_input, of_weight, _] = at::convolution_backward(
        gradient, input, weight, /*bias_sizes=*/std::nullopt, /*stride=*/{1, 1}, {padding, padding},
        /*dilation=*/{1, 1}, /*transposed=*/false, /*output_padding=*/{0, 0},
        /*groups=*/1, {context.needs_input_grad(0), context.needs_input_grad(1), false});
    return {of_input, of_weight};
  }
};

class NarrowConv : public Rewrite {
 public:
  explicit NarrowConv(std::shared_ptr<Conv2d> conv) : conv_(std::move(conv)) {}
  // [N, C, H, W] -> [N, out, H, W]
  at::Tensor apply(const at::Tensor& input, const at::Tensor& bias) const override {
    const at::Tensor output = NarrowFunction::apply(input, conv_->weight());
    return bias.defined() ? output + bias.view({-1, 1, 1}) : output;
  }
  const at::Tensor& bias() const override { return conv_->bias(); }

 private:
  std::shared_ptr<Conv2d> conv_;
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
  return {std::make_shared<NarrowConv>(convolution), ""};
}

}  // namespace sparring
