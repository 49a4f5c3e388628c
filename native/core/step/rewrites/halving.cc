#include "core/step/rewrites/halving.h"

#include "core/linalg/batch_product.h"
#include "core/step/rewrites/channels_last.h"
#include "core/step/rewrites/conv_source.h"
#include "core/step/rewrites/convolution_by_torch.h"
#include "core/step/rewrites/halving_kernels.h"
#include "core/step/rewrites/winograd.h"

namespace sparring {
namespace {

// Between a big image and a small one, with fewer multiplications.
class Halves : public Bilinear {
 public:
  at::Tensor output(const at::Tensor& big, const at::Tensor& weight,
                    const at::Tensor& bias) const override {
    return halving::halve(channels_last(big), weight, bias);
  }
  at::Tensor image_gradient(const at::Tensor& small, const at::Tensor& weight,
                            at::IntArrayRef) const override {
    return halving::twice(channels_last(small), weight);
  }
  at::Tensor weight_gradient(const at::Tensor& big, const at::Tensor& small,
                             at::IntArrayRef) const override {
    return halving::weight_gradient(channels_last(big), channels_last(small));
  }
};

class Doubles : public Bilinear {
 public:
  at::Tensor output(const at::Tensor& small, const at::Tensor& weight,
                    const at::Tensor& bias) const override {
    return halving::twice(channels_last(small), weight, bias);
  }
  at::Tensor image_gradient(const at::Tensor& big, const at::Tensor& weight,
                            at::IntArrayRef) const override {
    return halving::halve(channels_last(big), weight);
  }
  at::Tensor weight_gradient(const at::Tensor& small, const at::Tensor& big,
                             at::IntArrayRef) const override {
    return halving::weight_gradient(channels_last(big), channels_last(small));
  }
};

BilinearPtr by_torch(bool transposed) {
  return c10::make_intrusive<ConvolutionByTorch>(halving_sizes(transposed));
}

bool is_square_of_four(const at::Tensor& weight) {
  return weight.size(2) == 4 && weight.size(3) == 4;
}

class HalvingConv : public Halving {
 public:
  explicit HalvingConv(ConvSource source) : source_(std::move(source)) {}
  at::Tensor apply(const at::Tensor& input, const at::Tensor& bias) const override {
    return halved(input, source_.weight(), bias);
  }
  const at::Tensor& bias() const override { return source_.conv->bias(); }
  const at::Tensor& kernel() const override { return source_.conv->weight(); }

 private:
  ConvSource source_;
};

class DoublingConv : public Halving {
 public:
  explicit DoublingConv(std::shared_ptr<ConvTranspose2d> conv) : conv_(std::move(conv)) {}
  at::Tensor apply(const at::Tensor& input, const at::Tensor& bias) const override {
    return doubled(input, conv_->weight(), bias);
  }
  const at::Tensor& bias() const override { return conv_->bias(); }
  const at::Tensor& kernel() const override { return conv_->weight(); }

 private:
  std::shared_ptr<ConvTranspose2d> conv_;
};

}  // namespace

ConvSizes halving_sizes(bool transposed) {
  return {.stride = {2, 2}, .padding = {1, 1}, .dilation = {1, 1}, .transposed = transposed};
}

std::shared_ptr<Halving> as_halving(const ModulePtr& module) {
  if (auto form = std::dynamic_pointer_cast<Halving>(module)) return form;
  if (auto source = ConvSource::of(module)) {
    const ConvSizes& sizes = source->conv->sizes();
    const bool halves = is_square_of_four(source->conv->weight()) && sizes.stride == Shape{2, 2} &&
                        sizes.padding == Shape{1, 1} && sizes.dilation == Shape{1, 1} &&
                        sizes.groups == 1;
    return halves ? std::make_shared<HalvingConv>(std::move(*source)) : nullptr;
  }
  auto conv = std::dynamic_pointer_cast<ConvTranspose2d>(module);
  return conv && conv->doubles() ? std::make_shared<DoublingConv>(std::move(conv)) : nullptr;
}

void Halving::multiply_less() {
  multiplies_less_ = true;
  convolve_by(c10::make_intrusive<Halves>(), c10::make_intrusive<Doubles>());
}

void Halving::convolve_by(BilinearPtr halves, BilinearPtr doubles) {
  halves_ = std::move(halves);
  doubles_ = std::move(doubles);
}

bool Halving::derive_by_convolutions() {
  if (halves_) return false;
  convolve_by(by_torch(/*transposed=*/false), by_torch(/*transposed=*/true));
  return true;
}

at::Tensor Halving::halved(const at::Tensor& image, const at::Tensor& weight,
                           const at::Tensor& bias) const {
  const bool is_even = image.size(2) % 2 == 0 && image.size(3) % 2 == 0;
  const bool suits = is_even || !multiplies_less_;
  if (halves_ && suits) return sparring::apply(halves_, image, weight, bias);
  return at::conv2d(image, weight, bias, /*stride=*/2, /*padding=*/1);
}

at::Tensor Halving::doubled(const at::Tensor& image, const at::Tensor& weight,
                            const at::Tensor& bias) const {
  if (doubles_) return sparring::apply(doubles_, image, weight, bias);
  return at::conv_transpose2d(image, weight, bias, /*stride=*/2, /*padding=*/1);
}

Verdict fuse_halving(const ModulePtr& module) {
  const std::shared_ptr<Halving> form = as_halving(module);
  if (!form) return {};
  const at::Tensor& kernel = form->kernel();
  if (!kernel.is_cpu()) return refuse("cuDNN has ways of its own");
  if (!multiplies_batches_well()) {
    return refuse("the convolutions of oneDNN are faster here than batched products");
  }
  if (std::min(kernel.size(0), kernel.size(1)) < winograd::kFewestChannels) {
    return refuse("it needs at least " + std::to_string(winograd::kFewestChannels) + " channels");
  }
  form->multiply_less();
  return {form, ""};
}

}  // namespace sparring
