#include "core/nn/linear.h"

#include "core/nn/families.h"

namespace sparring {
Linear::Linear(int64_t in, int64_t out, bool bias, RandomStream& stream) {
  own({out, in}, out, bias, stream);
}

at::Tensor Linear::apply(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias,
                         const Context&) const {
  return at::linear(input, weight, bias);
}

ModulePtr build_linear(const Layer& layer, const FirstWeights& from) {
  return std::make_shared<Linear>(layer.options.integer("inFeatures"),
                                  layer.options.integer("outFeatures"), layer.options.flag("bias"),
                                  from.stream);
}

}  // namespace sparring
