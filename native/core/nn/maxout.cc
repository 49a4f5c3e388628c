#include "core/nn/maxout.h"

#include "core/nn/families.h"

namespace sparring {

Maxout::Maxout(const Layer& layer, RandomStream& stream)
    : out_(layer.options.integer("outFeatures")), pieces_(layer.options.integer("pieces")) {
  linear_ = register_module(
      "linear", std::make_shared<Linear>(layer.options.integer("inFeatures"), out_ * pieces_,
                                         layer.options.flag("bias"), stream));
}

at::Tensor Maxout::forward(const at::Tensor& input, const Context& context) {
  const at::Tensor pieces = linear_->forward(input, context).view({-1, out_, pieces_});
  return std::get<0>(pieces.max(2));
}

ModulePtr build_maxout(const Layer& layer, const FirstWeights& from) {
  return std::make_shared<Maxout>(layer, from.stream);
}

}  // namespace sparring
