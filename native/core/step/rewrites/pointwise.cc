#include "core/step/rewrites/pointwise.h"

#include "core/nn/pooling.h"
#include "core/nn/resampling.h"
#include "core/step/rewrites/conv_source.h"

namespace sparring {
namespace {

// The convolution before or after what resizes images.
class Before : public Pointwise {
 public:
  using Pointwise::Pointwise;
  at::Tensor forward(const at::Tensor& input, const Context& context) override {
    return resize().forward(conv()->forward(input, context), context);
  }
};

class After : public Pointwise {
 public:
  using Pointwise::Pointwise;
  at::Tensor forward(const at::Tensor& input, const Context& context) override {
    return conv()->forward(resize().forward(input, context), context);
  }
};

bool is_pointwise(const ModulePtr& module) {
  const auto source = ConvSource::of(module);
  return source && source->keeps_size(1);
}

}  // namespace

Verdict sink_upsample(const ModulePtr& upsample, const ModulePtr& conv) {
  const auto up = std::dynamic_pointer_cast<Upsample>(upsample);
  if (!up || !is_pointwise(conv)) return {};
  if (!up->is_nearest()) return refuse("bilinear upsampling rounds");
  return {std::make_shared<Before>(conv, upsample), ""};
}

Verdict raise_pool(const ModulePtr& conv, const ModulePtr& pool) {
  const auto mean = std::dynamic_pointer_cast<AvgPool2d>(pool);
  if (!mean || !is_pointwise(conv)) return {};
  if (mean->padding() != Shape{0, 0}) return refuse("padding is no pixel of the convolution's");
  return {std::make_shared<After>(conv, pool), ""};
}

}  // namespace sparring
