#include "core/step/rewrites/bfloat16_conv.h"

#include <optional>

#include "core/linalg/bfloat16_product.h"
#include "core/step/rewrites/bfloat16_conv_kernels.h"
#include "core/step/rewrites/bilinear_form.h"
#include "core/step/rewrites/channels_last.h"
#include "core/step/rewrites/conv_source.h"
#include "core/step/rewrites/convolution_by_torch.h"
#include "core/step/rewrites/halving.h"
#include "core/step/rewrites/modulation.h"

namespace sparring {
namespace {

using bfloat16_conv::kChannels;

// Columns of the small image up to which products are faster than oneDNN's convolution on an Intel
// Xeon with AMX: of steps of more than a pixel, of any kernel of several pixels, and the weight's
// gradient of any, and of such a kernel (docs/performance.md).
constexpr int64_t kStrided = 8, kDense = 4, kGradientOfPixel = 8, kGradient = 16;

class Bfloat16Conv : public Bilinear {
 public:
  explicit Bfloat16Conv(const ConvSizes& sizes)
      : sizes_(sizes), steps_{sizes.stride, sizes.padding}, by_torch_(sizes) {}

  at::Tensor taken(const at::Tensor& image) const override { return image.to(at::kBFloat16); }

  at::Tensor output(const at::Tensor& image, const at::Tensor& weight,
                    const at::Tensor& bias) const override {
    if (!suits(weight, small_columns(image, weight))) {
      return by_torch_.output(image, weight.to(at::kBFloat16), rounded(bias));
    }
    const Shape made = made_of(image, weight);
    return sizes_.transposed ? to_big(image, weight, bias, made) : to_small(image, weight, bias);
  }

  at::Tensor image_gradient(const at::Tensor& gradient, const at::Tensor& weight,
                            at::IntArrayRef sizes) const override {
    const int64_t columns = sizes_.transposed ? sizes[3] : gradient.size(3);
    if (!suits(weight, columns)) {
      return by_torch_.image_gradient(gradient, weight.to(at::kBFloat16), sizes);
    }
    return sizes_.transposed ? to_small(gradient, weight, {})
                             : to_big(gradient, weight, {}, {sizes[2], sizes[3]});
  }

  at::Tensor weight_gradient(const at::Tensor& image, const at::Tensor& gradient,
                             at::IntArrayRef sizes) const override {
    const at::Tensor &big = sizes_.transposed ? gradient : image,
                     &small = sizes_.transposed ? image : gradient;
    const int64_t widest = sizes[2] * sizes[3] > 1 ? kGradient : kGradientOfPixel;
    if (small.size(3) > widest) {
      return by_torch_.weight_gradient(image, gradient, sizes).to(at::kFloat);
    }
    return bfloat16_conv::weight_gradient(laid_out(big), laid_out(small), steps_, sizes);
  }

 private:
  bool suits(const at::Tensor& weight, int64_t columns) const {
    if (sizes_.stride[0] > 1 || sizes_.stride[1] > 1) return columns <= kStrided;
    return weight.size(2) * weight.size(3) > 1 && columns <= kDense;
  }
  // Height and width of the output.
  Shape made_of(const at::Tensor& image, const at::Tensor& weight) const {
    Shape made;
    for (size_t i = 0; i < 2; ++i) {
      const int64_t from = image.size(2 + i), kernel = weight.size(2 + i);
      const int64_t step = sizes_.stride[i], twice = 2 * sizes_.padding[i];
      made.push_back(sizes_.transposed
                         ? (from - 1) * step - twice + kernel + sizes_.output_padding[i]
                         : (from + twice - kernel) / step + 1);
    }
    return made;
  }
  int64_t small_columns(const at::Tensor& image, const at::Tensor& weight) const {
    return sizes_.transposed ? image.size(3) : made_of(image, weight)[1];
  }
  at::Tensor to_small(const at::Tensor& big, const at::Tensor& weight,
                      const at::Tensor& bias) const {
    return bfloat16_conv::to_small(laid_out(big), weight, bias, steps_);
  }
  at::Tensor to_big(const at::Tensor& small, const at::Tensor& weight, const at::Tensor& bias,
                    const Shape& size) const {
    return bfloat16_conv::to_big(laid_out(small), weight, bias, steps_, size[0], size[1]);
  }
  static at::Tensor laid_out(const at::Tensor& image) {
    return image.contiguous(at::MemoryFormat::ChannelsLast);
  }
  static at::Tensor rounded(const at::Tensor& bias) {
    return bias.defined() ? bias.to(at::kBFloat16) : bias;
  }

  ConvSizes sizes_;
  bfloat16_conv::Steps steps_;
  ConvolutionByTorch by_torch_;
};

BilinearPtr by(const ConvSizes& sizes) { return c10::make_intrusive<Bfloat16Conv>(sizes); }

// The weight of a convolution, and how it goes over an image.
struct Candidate {
  at::Tensor weight;
  ConvSizes sizes;
  bool fills_tiles() const {
    return sizes.groups == 1 && sizes.dilation == Shape{1, 1} && weight.size(0) % kChannels == 0 &&
           weight.size(1) % kChannels == 0 && !is_misread_by_tiles(weight, sizes);
  }
};

std::optional<Candidate> candidate(const ModulePtr& module) {
  if (const auto form = std::dynamic_pointer_cast<Modulation>(module)) {
    const ModulatedConv2d& layer = form->layer();
    const bool turns = layer.sizes().transposed;
    return Candidate{turns ? layer.weight().transpose(0, 1) : layer.weight(), layer.sizes()};
  }
  if (const auto form = std::dynamic_pointer_cast<Halving>(module)) {
    return Candidate{form->kernel(), halving_sizes(/*transposed=*/false)};
  }
  if (const auto source = ConvSource::of(module)) {
    return Candidate{source->conv->weight(), source->conv->sizes()};
  }
  const auto conv = std::dynamic_pointer_cast<ConvTranspose2d>(module);
  return conv ? std::optional(Candidate{conv->weight(), conv->sizes()}) : std::nullopt;
}

}  // namespace

ModulePtr as_bfloat16_conv(const ModulePtr& module) {
  const std::optional<Candidate> conv = candidate(module);
  if (!conv || !conv->fills_tiles()) return nullptr;
  if (auto form = std::dynamic_pointer_cast<Modulation>(module)) {
    form->convolve_by(by(conv->sizes));
    return form;
  }
  if (auto form = std::dynamic_pointer_cast<Halving>(module)) {
    form->convolve_by(by(halving_sizes(/*transposed=*/false)), by(halving_sizes(true)));
    return form;
  }
  if (auto source = ConvSource::of(module)) {
    return std::make_shared<BilinearForm>(std::move(*source), by(conv->sizes));
  }
  return std::make_shared<BilinearForm>(std::dynamic_pointer_cast<ConvTranspose2d>(module),
                                        by(conv->sizes));
}

Verdict fuse_bfloat16_conv(const ModulePtr& module) {
  const std::optional<Candidate> conv = candidate(module);
  if (!conv) return {};
  if (!conv->weight.is_cpu()) return refuse("cuDNN has ways of its own");
  if (!has_tiles()) return refuse("the processor has no tiles (AMX)");
  ModulePtr form = as_bfloat16_conv(module);
  if (!form) return refuse("it needs numbers of channels that 16 divides, one group, no dilation");
  return {std::move(form), ""};
}

}  // namespace sparring
