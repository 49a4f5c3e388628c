#include "core/nn/linear.h"

#include "core/nn/families.h"

namespace sparring {
namespace {

// Goodfellow et al. 2013: each output is the largest of `pieces` linear functions.
class Maxout : public Module {
 public:
  Maxout(const Layer& layer, RandomStream& stream)
      : out_(layer.options.integer("outFeatures")), pieces_(layer.options.integer("pieces")) {
    linear_ = register_module(
        "linear", std::make_shared<Linear>(layer.options.integer("inFeatures"), out_ * pieces_,
                                           layer.options.flag("bias"), stream));
  }

  at::Tensor forward(const at::Tensor& input, const Context& context) override {
    const at::Tensor pieces = linear_->forward(input, context).view({-1, out_, pieces_});
    return std::get<0>(pieces.max(2));
  }

 private:
  int64_t out_, pieces_;
  std::shared_ptr<Linear> linear_;
};

}  // namespace

Linear::Linear(int64_t in, int64_t out, bool bias, RandomStream& stream) {
  own({out, in}, out, bias, stream);
}

at::Tensor Linear::apply(const at::Tensor& input, const at::Tensor& weight,
                         const at::Tensor& bias) const {
  return at::linear(input, weight, bias);
}

ModulePtr build_linear(const Layer& layer, const FirstWeights& from) {
  return std::make_shared<Linear>(layer.options.integer("inFeatures"),
                                  layer.options.integer("outFeatures"), layer.options.flag("bias"),
                                  from.stream);
}

ModulePtr build_maxout(const Layer& layer, const FirstWeights& from) {
  return std::make_shared<Maxout>(layer, from.stream);
}

}  // namespace sparring
