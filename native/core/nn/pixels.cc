// Pixels that move, and what is put around them.
#include "core/nn/families.h"

namespace sparring {
namespace {

// A layer that is one function of libtorch; its options are bound.
template <class Function>
class Moved : public Module {
 public:
  explicit Moved(Function function) : function_(std::move(function)) {}
  at::Tensor forward(const at::Tensor& input, const Context&) override { return function_(input); }

 private:
  Function function_;
};

template <class Function>
ModulePtr moved(Function function) {
  return std::make_shared<Moved<Function>>(std::move(function));
}

}  // namespace

ModulePtr build_pixel_shuffle(const Layer& layer, const FirstWeights&) {
  const int64_t factor = layer.options.integer("upscaleFactor");
  return moved([factor](const at::Tensor& x) { return at::pixel_shuffle(x, factor); });
}

ModulePtr build_pixel_unshuffle(const Layer& layer, const FirstWeights&) {
  const int64_t factor = layer.options.integer("downscaleFactor");
  return moved([factor](const at::Tensor& x) { return at::pixel_unshuffle(x, factor); });
}

// Paddings are [left, right, top, bottom].

ModulePtr build_reflection_pad2d(const Layer& layer, const FirstWeights&) {
  const Shape sides = layer.options.shape("padding");
  return moved([sides](const at::Tensor& x) { return at::reflection_pad2d(x, sides); });
}

ModulePtr build_replication_pad2d(const Layer& layer, const FirstWeights&) {
  const Shape sides = layer.options.shape("padding");
  return moved([sides](const at::Tensor& x) { return at::replication_pad2d(x, sides); });
}

ModulePtr build_zero_pad2d(const Layer& layer, const FirstWeights&) {
  const Shape sides = layer.options.shape("padding");
  return moved([sides](const at::Tensor& x) { return at::constant_pad_nd(x, sides, 0); });
}

}  // namespace sparring
