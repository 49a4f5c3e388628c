#include "core/nn/families.h"

namespace sparring {
namespace {

class LeakyRelu : public Module {
 public:
  explicit LeakyRelu(double slope) : slope_(slope) {}
  at::Tensor forward(const at::Tensor& input) override { return at::leaky_relu(input, slope_); }

 private:
  double slope_;
};

// An activation that is one function of libtorch without options.
template <at::Tensor (*function)(const at::Tensor&)>
class Activation : public Module {
 public:
  at::Tensor forward(const at::Tensor& input) override { return function(input); }
};

}  // namespace

ModulePtr build_leaky_relu(const Layer& layer, RandomStream&) {
  return std::make_shared<LeakyRelu>(layer.number("negativeSlope"));
}
ModulePtr build_relu(const Layer&, RandomStream&) {
  return std::make_shared<Activation<at::relu>>();
}
ModulePtr build_sigmoid(const Layer&, RandomStream&) {
  return std::make_shared<Activation<at::sigmoid>>();
}
ModulePtr build_tanh(const Layer&, RandomStream&) {
  return std::make_shared<Activation<at::tanh>>();
}

}  // namespace sparring
