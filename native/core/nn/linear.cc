#include "core/nn/families.h"
#include "core/nn/init.h"

namespace sparring {
namespace {

class Linear : public Module {
 public:
  Linear(const Layer& layer, RandomStream& stream) {
    const int64_t in = layer.integer("inFeatures"), out = layer.integer("outFeatures");
    weight_ = register_parameter("weight", at::empty({out, in}));
    if (layer.flag("bias")) bias_ = register_parameter("bias", at::empty({out}));
    init_weight_and_bias(weight_, bias_, stream);
  }
  at::Tensor forward(const at::Tensor& input) override {  // [N, in] -> [N, out]
    return at::linear(input, weight_, bias_);
  }

 private:
  at::Tensor weight_, bias_;
};

}  // namespace

ModulePtr build_linear(const Layer& layer, RandomStream& stream) {
  return std::make_shared<Linear>(layer, stream);
}

}  // namespace sparring
