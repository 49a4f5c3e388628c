#include "core/step/rewrites/first_transposed.h"

#include "core/nn/convolution.h"

namespace sparring {
namespace {

class FirstTransposed : public Rewrite {
 public:
  explicit FirstTransposed(std::shared_ptr<ConvTranspose2d> conv) : conv_(std::move(conv)) {}
  // [N, in, 1, 1] -> [N, out, kH, kW]
  at::Tensor apply(const at::Tensor& input, const at::Tensor& bias) const override {
    const at::Tensor& weight = conv_->weight();
    if (input.size(2) != 1 || input.size(3) != 1) return conv_->apply(input, weight, bias);
    const at::Tensor output = at::mm(input.flatten(1), weight.flatten(1))
                                  .view({-1, weight.size(1), weight.size(2), weight.size(3)});
    return bias.defined() ? output + bias.view({-1, 1, 1}) : output;
  }
  const at::Tensor& bias() const override { return conv_->bias(); }

 private:
  std::shared_ptr<ConvTranspose2d> conv_;
};

}  // namespace

Verdict fuse_first_transposed(const ModulePtr& conv) {
  const auto transposed = std::dynamic_pointer_cast<ConvTranspose2d>(conv);
  if (!transposed || !transposed->is_product_on_a_pixel()) return {};
  return {std::make_shared<FirstTransposed>(transposed), ""};
}

}  // namespace sparring
