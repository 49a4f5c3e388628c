#include "core/nn/convolution.h"
#include "core/nn/families.h"

namespace sparring {
namespace {

std::shared_ptr<Conv2d> pointwise(int64_t in, int64_t out, RandomStream& stream) {
  const Layer layer{"conv2d",
                    "",
                    {{"inChannels", static_cast<double>(in)},
                     {"outChannels", static_cast<double>(out)},
                     {"kernelSize", Shape{1, 1}},
                     {"stride", Shape{1, 1}},
                     {"padding", Shape{0, 0}},
                     {"dilation", Shape{1, 1}},
                     {"groups", 1.0},
                     {"bias", true}},
                    {}};
  return std::make_shared<Conv2d>(layer, stream);
}

// Zhang et al. 2019 (SAGAN): every pixel looks at every other; gamma starts at zero, so that the
// network first learns from its neighbourhood.
class SelfAttention2d : public Module {
 public:
  SelfAttention2d(const Layer& layer, RandomStream& stream) {
    const int64_t channels = layer.options.integer("channels");
    const int64_t narrow = channels / layer.options.integer("reduction");
    gamma_ = register_parameter("gamma", at::zeros({1}));
    query_ = register_module("query", pointwise(channels, narrow, stream));
    key_ = register_module("key", pointwise(channels, narrow, stream));
    value_ = register_module("value", pointwise(channels, channels, stream));
  }

  // [N, C, H, W] -> [N, C, H, W]
  at::Tensor forward(const at::Tensor& input, const Context& context) override {
    const at::Tensor query = query_->forward(input, context).flatten(2);
    const at::Tensor key = key_->forward(input, context).flatten(2);
    const at::Tensor value = value_->forward(input, context).flatten(2);
    const at::Tensor attention = at::softmax(at::matmul(query.transpose(1, 2), key), -1);
    const at::Tensor seen = at::matmul(value, attention.transpose(1, 2)).view(input.sizes());
    return gamma_ * seen + input;
  }

 private:
  at::Tensor gamma_;
  std::shared_ptr<Conv2d> query_, key_, value_;
};

}  // namespace

ModulePtr build_self_attention(const Layer& layer, const FirstWeights& from) {
  return std::make_shared<SelfAttention2d>(layer, from.stream);
}

}  // namespace sparring
