#include "core/nn/dropout.h"

#include "core/bernoulli.h"
#include "core/nn/families.h"

namespace sparring {

at::Tensor Dropout::forward(const at::Tensor& input, const Context& context) {
  if (!is_training() || p_ == 0 || context.stream == nullptr) return input;
  // The operations of at::dropout on the CPU, in its order, and of at::feature_dropout.
  // Contiguous, so that the numbers fall on the same values whatever the layout of the input.
  const at::Tensor keep = unit_ == Unit::kChannel
                              ? at::empty({input.size(0), input.size(1), 1, 1}, input.options())
                              : at::empty_like(input, {}, at::MemoryFormat::Contiguous);
  draw_mask(keep, 1 - p_, context.stream->on(input.device()));
  return input * keep;
}

ModulePtr build_dropout(const Layer& layer, const FirstWeights&) {
  return std::make_shared<Dropout>(layer.options.number("p"), Dropout::Unit::kValue);
}

ModulePtr build_dropout2d(const Layer& layer, const FirstWeights&) {
  return std::make_shared<Dropout>(layer.options.number("p"), Dropout::Unit::kChannel);
}

}  // namespace sparring
