// Karras et al. 2019, A Style-Based Generator Architecture for Generative Adversarial Networks.
#include "core/nn/styled.h"

#include <algorithm>

#include "core/nn/families.h"
#include "core/nn/latent.h"
#include "core/nn/modulated_conv.h"

namespace sparring {
namespace {

// A learned tensor in the place of the input, one for all samples.
class Constant : public Module {
 public:
  Constant(const Shape& shape, RandomStream& stream) {
    const_ = register_parameter("const", at::empty(shape));
    const at::NoGradGuard no_grad;
    const_.normal_(0, 1, stream.cpu());
  }
  // [N, ...] -> [N, shape]
  at::Tensor forward(const at::Tensor& input, const Context&) override {
    Shape shape = const_.sizes().vec();
    shape.insert(shape.begin(), input.size(0));
    return const_.expand(shape);
  }

 private:
  at::Tensor const_;
};

// What a mapping made, as the synthesis is to have it: told to whoever wants to hear of it.
at::Tensor mapped(at::Tensor w, const Context& context) {
  if (context.styles == nullptr) return w;
  // A mapping without weights makes what nobody has asked a gradient of.
  if (!w.requires_grad()) w = w.detach().requires_grad_();
  context.styles->push_back(w);
  return w;
}

Forward pass_of(const Part& part) {
  return [&module = *part.module](const at::Tensor& input, const Context& context) {
    return module.forward(input, context);
  };
}

}  // namespace

Styled::Styled(const Layer& layer, const FirstWeights& from)
    : decay_(layer.options.number("averageDecay")), mixing_(layer.options.number("mixing")) {
  noise_.noise = layer.options.integer("noiseFeatures");
  noise_.uniform = layer.options.text("distribution") == "uniform";
  for (const Layer& part : layer.layers) {
    parts_.push_back({part.name, register_module(part.name, build(part, from))});
  }
  number(*parts_[1].module);
  average_ = register_buffer("w_avg", at::zeros({layer.options.integer("styleFeatures")}));
}

at::Tensor Styled::forward(const at::Tensor& input, const Context& context) {
  return forward_by(pass_of(parts_[0]), pass_of(parts_[1]), input, context);
}

at::Tensor Styled::forward_by(const Forward& map, const Forward& synthesize,
                              const at::Tensor& input, const Context& context) {
  at::Tensor w = mapped(map(input, context), context);
  if (is_training()) {
    move_average(w);
  } else if (context.truncation_psi != 1) {
    w = average_.lerp(w, context.truncation_psi);
  }
  Context styled = context;
  styled.style = w;
  styled.other_style = styled.crossover = at::Tensor();
  if (is_training() && mixing_ > 0 && context.stream != nullptr) {
    mix(map, input, context, styled);
  }
  return synthesize(w, styled);
}

void Styled::number(torch::nn::Module& module) {
  if (auto* taker = dynamic_cast<ModulatedConv2d*>(&module)) {
    taker->set_place(takers_++);
  } else if (const auto* styled = dynamic_cast<Styled*>(&module)) {
    // Its synthesis has another style.
    number(*styled->parts()[0].module);
  } else {
    for (const auto& child : module.children()) number(*child);
  }
}

// In the order of StyleGAN2-ADA's code, and as there nothing is read from the device.
void Styled::mix(const Forward& map, const at::Tensor& input, const Context& context,
                 Context& styled) const {
  at::Generator& generator = context.stream->on(input.device());
  const at::TensorOptions options(input.device());
  const at::Tensor crossover =
      at::empty({}, options.dtype(at::kLong)).random_(1, takers_, generator);
  const at::Tensor mixes = at::rand({}, generator, options.dtype(kDrawn)) < mixing_;
  styled.crossover = at::where(mixes, crossover, takers_);
  const at::Tensor noise =
      draw_noise(noise_, input.size(0), options.dtype(kDrawn), generator).to(input.scalar_type());
  const int64_t others = input.size(1) - noise_.noise;  // labels and codes
  const at::Tensor other = at::cat({noise, input.narrow(1, noise_.noise, others)}, 1);
  styled.other_style = mapped(map(other, context), context);
}

void Styled::move_average(const at::Tensor& w) {
  const at::NoGradGuard no_grad;
  // Under autocast w may be narrower.
  average_.copy_(w.to(average_.scalar_type()).mean(0).lerp(average_, decay_));
}

bool Styled::repeats_itself() const {
  return mixing_ == 0 && std::all_of(parts_.begin(), parts_.end(), [](const Part& part) {
           return part.module->repeats_itself();
         });
}

std::vector<at::Tensor> style_averages(const torch::nn::Module& module) {
  std::vector<at::Tensor> averages;
  for (const auto& part : module.modules()) {
    if (const auto* styled = dynamic_cast<const Styled*>(part.get())) {
      averages.push_back(styled->average());
    }
  }
  return averages;
}

ModulePtr build_constant(const Layer& layer, const FirstWeights& from) {
  return std::make_shared<Constant>(layer.options.shape("shape"), from.stream);
}

ModulePtr build_styled(const Layer& layer, const FirstWeights& from) {
  return std::make_shared<Styled>(layer, from);
}

}  // namespace sparring
