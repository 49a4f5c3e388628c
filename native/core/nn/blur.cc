#include "core/nn/blur.h"

#include <algorithm>

#include "core/nn/convolution.h"
#include "core/nn/families.h"

namespace sparring {

const at::Tensor& Blur::filter_for(const at::Tensor& input) {
  // Autocast makes it what it wants: a recorded step must find it where it was, whatever the
  // network is evaluated in meanwhile.
  const at::ScalarType type = input.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
  if (!filter_.defined() || filter_.device() != input.device() || filter_.scalar_type() != type) {
    const at::NoGradGuard no_grad;
    const at::Tensor line = at::tensor({1.0, 3.0, 3.0, 1.0}, at::kDouble);
    const at::Tensor square = at::outer(line, line) * (gain_ / 64);
    filter_ = square.view({1, 1, 4, 4}).to(input.device(), type);
  }
  return filter_;
}

at::Tensor Blur::forward(const at::Tensor& input, const Context&) {
  const int64_t channels = input.size(1);
  const at::Tensor filter = filter_for(input).expand({channels, 1, 4, 4});
  const bool is_even = std::all_of(padding_.begin(), padding_.end(),
                                   [&](int64_t side) { return side == padding_[0]; });
  const at::Tensor image = is_even ? input : at::constant_pad_nd(input, padding_);
  const ConvSizes sizes{.stride = Shape(2, stride_),
                        .padding = Shape(2, is_even ? padding_[0] : 0),
                        .dilation = {1, 1},
                        .groups = channels};
  return at::conv2d(readable(image, filter, sizes), filter, {}, sizes.stride, sizes.padding,
                    sizes.dilation, sizes.groups);
}

ModulePtr build_blur(const Layer& layer, const FirstWeights&) {
  return std::make_shared<Blur>(layer.options.integer("stride"), layer.options.shape("padding"),
                                /*gain=*/1);
}

}  // namespace sparring
