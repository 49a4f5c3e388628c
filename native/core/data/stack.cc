#include "core/data/stack.h"

#include "core/random.h"

namespace sparring {

Stack stack_images(const at::Tensor& images, const at::Tensor& labels,
                   const StackOptions& options) {
  const auto [classes, count, channels, seed] = options;
  RandomStream stream(seed);
  const at::Tensor chosen =
      at::randint(images.size(0), {count, channels}, stream.cpu(), at::TensorOptions(at::kLong));
  const at::Tensor digits = labels.index_select(0, chosen.flatten()).view({count, channels});
  at::Tensor stacked = at::zeros({count}, at::kShort);
  for (int64_t channel = 0; channel < channels; ++channel) {
    stacked.mul_(classes).add_(digits.select(1, channel));
  }
  return {images.index_select(0, chosen.flatten())
              .view({count, channels, images.size(2), images.size(3)}),
          stacked};
}

}  // namespace sparring
