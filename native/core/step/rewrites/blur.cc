#include "core/step/rewrites/blur.h"

#include <torch/csrc/autograd/custom_function.h>

#include "core/step/rewrites/blur_kernels.h"
#include "core/step/rewrites/channels_last.h"

namespace sparring {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct HeldPass : torch::CustomClassHolder {
  explicit HeldPass(const BlurPass& one) : pass(one) {}
  BlurPass pass;
};

// Its derivative is itself the other way round, and so is that one's.
class Filtered : public torch::autograd::Function<Filtered> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& image,
                            const BlurPass& pass) {
    context->saved_data["pass"] = c10::IValue::make_capsule(c10::make_intrusive<HeldPass>(pass));
    // Where nothing comes back there is nothing to compute: no zeros.
    context->set_materialize_grads(false);
    return blurred(channels_last(image), pass);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    if (!gradients[0].defined()) return {{}, {}};
    const auto held = context->saved_data.at("pass").toCapsule();
    return {apply(gradients[0], c10::static_intrusive_pointer_cast<HeldPass>(held)->pass.back()),
            {}};
  }
};

class BlurLast : public Module {
 public:
  explicit BlurLast(std::shared_ptr<Blur> layer) : layer_(std::move(layer)) {}
  at::Tensor forward(const at::Tensor& input, const Context&) override {
    return input.is_cpu() ? blur_image(input, *layer_) : layer_->forward(input);
  }

 private:
  std::shared_ptr<Blur> layer_;
};

}  // namespace

at::Tensor blur_image(const at::Tensor& image, const Blur& layer) {
  const Shape& sides = layer.padding();
  const int64_t height = image.size(2), width = image.size(3), step = layer.stride();
  const auto places = [step](int64_t padded) { return (padded - BlurPass::kTaps) / step + 1; };
  return Filtered::apply(image, BlurPass{.up = 1,
                                         .down = step,
                                         .top = sides[2],
                                         .left = sides[0],
                                         .height = places(height + sides[2] + sides[3]),
                                         .width = places(width + sides[0] + sides[1]),
                                         .from_height = height,
                                         .from_width = width,
                                         .gain = layer.gain()});
}

Verdict fuse_blur(const ModulePtr& module) {
  auto layer = std::dynamic_pointer_cast<Blur>(module);
  if (!layer) return {};
  return {std::make_shared<BlurLast>(std::move(layer)), ""};
}

}  // namespace sparring
