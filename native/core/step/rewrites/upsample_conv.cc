#include "core/step/rewrites/upsample_conv.h"

namespace sparring {
namespace {

// [out, in, 3, 3] -> [in, out, 4, 4]: the flipped kernel, fully convolved with ones(2, 2).
at::Tensor spread_kernel(const at::Tensor& weight) {
  const at::Tensor padded = at::constant_pad_nd(weight.flip({2, 3}), {1, 1, 1, 1});  // 5 x 5
  const at::Tensor rows = padded.narrow(2, 1, 4) + padded.narrow(2, 0, 4);
  return (rows.narrow(3, 1, 4) + rows.narrow(3, 0, 4)).transpose(0, 1);
}

class UpsampleConv : public Rewrite {
 public:
  explicit UpsampleConv(std::shared_ptr<Conv2d> conv) : conv_(std::move(conv)) {}
  // [N, C, H, W] -> [N, out, 2H, 2W]
  at::Tensor apply(const at::Tensor& input, const at::Tensor& bias) const override {
    return at::conv_transpose2d(input, spread_kernel(conv_->weight()), bias, /*stride=*/2,
                                /*padding=*/1);
  }
  const at::Tensor& bias() const override { return conv_->bias(); }

 private:
  std::shared_ptr<Conv2d> conv_;
};

}  // namespace

ModulePtr fuse_upsample_conv(const ModulePtr& upsample, const ModulePtr& conv) {
  const auto up = std::dynamic_pointer_cast<Upsample>(upsample);
  const auto convolution = std::dynamic_pointer_cast<Conv2d>(conv);
  if (!up || !convolution || up->factor() != 2 || !up->is_nearest()) return nullptr;
  const bool three = convolution->weight().size(2) == 3 && convolution->weight().size(3) == 3;
  const bool same = convolution->stride() == Shape{1, 1} && convolution->padding() == Shape{1, 1};
  const bool dense = convolution->dilation() == Shape{1, 1} && convolution->groups() == 1;
  return three && same && dense ? std::make_shared<UpsampleConv>(convolution) : nullptr;
}

}  // namespace sparring
