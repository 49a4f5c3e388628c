#include "core/nn/noise.h"

#include "core/nn/families.h"

namespace sparring {
namespace {

// Noise on what the layer takes: on images before a discriminator, that of Sonderby et al. 2016
// and Arjovsky and Bottou 2017.
class GaussianNoise : public Module {
 public:
  explicit GaussianNoise(double deviation) : deviation_(deviation) {}

  at::Tensor forward(const at::Tensor& input, const Context& context) override {
    if (!is_training() || deviation_ == 0 || context.stream == nullptr) return input;
    // Contiguous, so that the numbers fall on the same values whatever the layout of the input.
    const at::Tensor noise = at::empty_like(input, {}, at::MemoryFormat::Contiguous);
    noise.normal_(0, 1, context.stream->on(input.device())).mul_(deviation_);
    return input + noise;
  }

  bool needs_own_pass() const override { return deviation_ > 0; }
  bool repeats_itself() const override { return deviation_ == 0; }

 private:
  double deviation_;
};

}  // namespace

NoiseInjection::NoiseInjection(const Shape& size, RandomStream& stream) {
  strength_ = register_parameter("noise_strength", at::zeros({}));
  const_ = register_buffer("noise_const", at::empty(size));
  const_.normal_(0, 1, stream.cpu());
}

at::Tensor NoiseInjection::forward(const at::Tensor& input, const Context& context) {
  return input + noise_for(input, context) * strength_;
}

at::Tensor NoiseInjection::noise_for(const at::Tensor& input, const Context& context) const {
  if (!is_training() || context.stream == nullptr) return const_;
  // In bfloat16 there would be few numbers to draw.
  const auto type = at::promote_types(input.scalar_type(), at::kFloat);
  const at::Tensor noise =
      at::empty({input.size(0), 1, input.size(2), input.size(3)}, input.options().dtype(type));
  noise.normal_(0, 1, context.stream->on(input.device()));
  return noise;
}

ModulePtr build_gaussian_noise(const Layer& layer, const FirstWeights&) {
  return std::make_shared<GaussianNoise>(layer.options.number("std"));
}

ModulePtr build_noise_injection(const Layer& layer, const FirstWeights& from) {
  return std::make_shared<NoiseInjection>(layer.options.shape("imageSize"), from.stream);
}

}  // namespace sparring
