#include "core/nn/families.h"

namespace sparring {
namespace {

class Flatten : public Module {
 public:
  at::Tensor forward(const at::Tensor& input, const Context&) override { return input.flatten(1); }
};

class Unflatten : public Module {
 public:
  explicit Unflatten(Shape shape) : shape_(std::move(shape)) {}
  at::Tensor forward(const at::Tensor& input, const Context&) override {
    return input.unflatten(1, shape_);
  }

 private:
  Shape shape_;
};

}  // namespace

ModulePtr build_flatten(const Layer&, RandomStream&) { return std::make_shared<Flatten>(); }
ModulePtr build_unflatten(const Layer& layer, RandomStream&) {
  return std::make_shared<Unflatten>(layer.options.shape("shape"));
}

}  // namespace sparring
