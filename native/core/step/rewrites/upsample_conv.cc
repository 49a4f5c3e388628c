#include "core/step/rewrites/upsample_conv.h"

#include "core/nn/resampling.h"
#include "core/step/rewrites/conv_source.h"
#include "core/step/rewrites/halving.h"
#include "core/step/rewrites/wide_kernels.h"

namespace sparring {
namespace {

// [out, in, 3, 3] -> [in, out, 4, 4]
at::Tensor spread_kernel(const at::Tensor& weight) {
  return wide_kernels(weight, /*turned=*/true, 1).transpose(0, 1);
}

class UpsampleConv : public Halving {
 public:
  explicit UpsampleConv(ConvSource source) : source_(std::move(source)) {}
  // [N, C, H, W] -> [N, out, 2H, 2W]
  at::Tensor apply(const at::Tensor& input, const at::Tensor& bias) const override {
    return doubled(input, spread_kernel(source_.weight()), bias);
  }
  const at::Tensor& bias() const override { return source_.conv->bias(); }
  const at::Tensor& kernel() const override { return source_.conv->weight(); }

 private:
  ConvSource source_;
};

}  // namespace

Verdict fuse_upsample_conv(const ModulePtr& upsample, const ModulePtr& conv) {
  const auto up = std::dynamic_pointer_cast<Upsample>(upsample);
  auto source = ConvSource::of(conv);
  if (!up || !source) return {};
  if (up->factor() != 2 || !up->is_nearest()) {
    return refuse("it needs nearest upsampling by 2");
  }
  if (!source->keeps_size(3)) return refuse("it needs a 3x3 convolution that keeps the size");
  return {std::make_shared<UpsampleConv>(std::move(*source)), ""};
}

}  // namespace sparring
