// Karras et al. 2019, A Style-Based Generator Architecture for Generative Adversarial Networks.
#include "core/nn/styled.h"

#include <algorithm>

#include "core/nn/families.h"

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

}  // namespace

Context seeing(const at::Tensor& w, const Context& context) {
  Context styled = context;
  styled.style = w;
  return styled;
}

Styled::Styled(const Layer& layer, const FirstWeights& from) {
  for (const Layer& part : layer.layers) {
    parts_.push_back({part.name, register_module(part.name, build(part, from))});
  }
}

at::Tensor Styled::forward(const at::Tensor& input, const Context& context) {
  const at::Tensor w = parts_[0].module->forward(input, context);
  return parts_[1].module->forward(w, seeing(w, context));
}

bool Styled::needs_own_pass() const {
  return std::any_of(parts_.begin(), parts_.end(),
                     [](const Part& part) { return part.module->needs_own_pass(); });
}

bool Styled::repeats_itself() const {
  return std::all_of(parts_.begin(), parts_.end(),
                     [](const Part& part) { return part.module->repeats_itself(); });
}

ModulePtr build_constant(const Layer& layer, const FirstWeights& from) {
  return std::make_shared<Constant>(layer.options.shape("shape"), from.stream);
}

ModulePtr build_styled(const Layer& layer, const FirstWeights& from) {
  return std::make_shared<Styled>(layer, from);
}

}  // namespace sparring
