#include "core/nn/activation.h"

#include "core/nn/families.h"

namespace sparring {
namespace {

// An activation that is one function of libtorch; its options are bound.
template <class Function>
class Bound : public Activation {
 public:
  Bound(Function function, const Nonlinearity& nonlinearity)
      : Activation(nonlinearity), function_(std::move(function)) {}
  at::Tensor forward(const at::Tensor& input, const Context&) override { return function_(input); }

 private:
  Function function_;
};

template <class Function>
ModulePtr activation(Function function, const Nonlinearity& nonlinearity = {Curve::kOther}) {
  return std::make_shared<Bound<Function>>(std::move(function), nonlinearity);
}

// He et al. 2015. torch.nn.PReLU.
class PRelu : public Module {
 public:
  PRelu(int64_t slopes, double init) {
    weight_ = register_parameter("weight", at::full({slopes}, init));
  }
  at::Tensor forward(const at::Tensor& input, const Context&) override {
    return at::prelu(input, weight_);
  }

 private:
  at::Tensor weight_;
};

}  // namespace

ModulePtr build_elu(const Layer& layer, const FirstWeights&) {
  const double alpha = layer.options.number("alpha");
  return activation([alpha](const at::Tensor& x) { return at::elu(x, alpha); });
}
ModulePtr build_gelu(const Layer& layer, const FirstWeights&) {
  const std::string approximate = layer.options.text("approximate");
  return activation([approximate](const at::Tensor& x) { return at::gelu(x, approximate); });
}
ModulePtr build_leaky_relu(const Layer& layer, const FirstWeights&) {
  const double slope = layer.options.number("negativeSlope");
  return activation([slope](const at::Tensor& x) { return at::leaky_relu(x, slope); },
                    {Curve::kLeakyRelu, slope});
}
ModulePtr build_mish(const Layer&, const FirstWeights&) {
  return activation([](const at::Tensor& x) { return at::mish(x); });
}
ModulePtr build_prelu(const Layer& layer, const FirstWeights&) {
  return std::make_shared<PRelu>(layer.options.integer("numParameters"),
                                 layer.options.number("init"));
}
ModulePtr build_relu(const Layer&, const FirstWeights&) {
  return activation([](const at::Tensor& x) { return at::relu(x); }, {Curve::kLeakyRelu, 0});
}
ModulePtr build_selu(const Layer&, const FirstWeights&) {
  return activation([](const at::Tensor& x) { return at::selu(x); });
}
ModulePtr build_sigmoid(const Layer&, const FirstWeights&) {
  return activation([](const at::Tensor& x) { return at::sigmoid(x); }, {Curve::kSigmoid});
}
ModulePtr build_silu(const Layer&, const FirstWeights&) {
  return activation([](const at::Tensor& x) { return at::silu(x); });
}
ModulePtr build_softplus(const Layer& layer, const FirstWeights&) {
  const double beta = layer.options.number("beta");
  const double threshold = layer.options.number("threshold");
  return activation(
      [beta, threshold](const at::Tensor& x) { return at::softplus(x, beta, threshold); });
}
ModulePtr build_tanh(const Layer&, const FirstWeights&) {
  return activation([](const at::Tensor& x) { return at::tanh(x); }, {Curve::kTanh});
}

}  // namespace sparring
