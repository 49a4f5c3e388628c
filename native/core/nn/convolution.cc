#include "core/nn/convolution.h"

#include "core/nn/families.h"
#include "core/nn/init.h"

namespace sparring {

Conv2d::Conv2d(const Layer& layer, RandomStream& stream)
    : stride_(layer.shape("stride")), padding_(layer.shape("padding")) {
  const Shape& kernel = layer.shape("kernelSize");
  const int64_t out = layer.integer("outChannels");
  weight_ = register_parameter("weight",
                               at::empty({out, layer.integer("inChannels"), kernel[0], kernel[1]}));
  if (layer.flag("bias")) bias_ = register_parameter("bias", at::empty({out}));
  init_weight_and_bias(weight_, bias_, stream);
}

at::Tensor Conv2d::forward(const at::Tensor& input) {
  return at::conv2d(input, weight_, bias_, stride_, padding_);
}

ModulePtr build_conv2d(const Layer& layer, RandomStream& stream) {
  return std::make_shared<Conv2d>(layer, stream);
}

}  // namespace sparring
