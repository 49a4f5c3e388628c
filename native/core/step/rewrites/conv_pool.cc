#include "core/step/rewrites/conv_pool.h"

#include "core/nn/pooling.h"
#include "core/nn/resampling.h"
#include "core/step/rewrites/conv_source.h"
#include "core/step/rewrites/halving.h"
#include "core/step/rewrites/wide_kernels.h"

namespace sparring {
namespace {

// [out, in, 3, 3] -> [out, in, 4, 4]
at::Tensor averaged_kernel(const at::Tensor& weight) {
  return wide_kernels(weight, /*turned=*/false, 0.25);
}

class ConvPool : public Halving {
 public:
  ConvPool(ConvSource source, std::shared_ptr<AvgPool2d> pool)
      : source_(std::move(source)), pool_(std::move(pool)) {}
  // [N, C, H, W] -> [N, out, H / 2, W / 2]
  at::Tensor apply(const at::Tensor& input, const at::Tensor& bias) const override {
    const at::Tensor weight = source_.weight();
    if (input.size(2) % 2 != 0 || input.size(3) % 2 != 0) {
      return pool_->forward(source_.conv->apply(input, weight, bias), {});
    }
    return halved(input, averaged_kernel(weight), bias);
  }
  const at::Tensor& bias() const override { return source_.conv->bias(); }
  const at::Tensor& kernel() const override { return source_.conv->weight(); }

 private:
  ConvSource source_;
  std::shared_ptr<AvgPool2d> pool_;
};

}  // namespace

Verdict fuse_conv_pool(const ModulePtr& conv, const ModulePtr& pool) {
  auto source = ConvSource::of(conv);
  const auto mean = std::dynamic_pointer_cast<AvgPool2d>(pool);
  if (!source || !mean) return {};
  const Shape two{2, 2};
  const bool halves =
      mean->kernel() == two && mean->stride() == two && mean->padding() == Shape{0, 0};
  if (!halves || !source->keeps_size(3)) {
    return refuse("it needs a 3x3 convolution that keeps the size and means of 2x2 pixels");
  }
  return {std::make_shared<ConvPool>(std::move(*source), mean), ""};
}

}  // namespace sparring
