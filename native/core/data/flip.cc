#include "core/data/flip.h"

namespace sparring {

at::Tensor flip_some(const at::Tensor& images, const Rows& rows) {
  // What `torch.rand(1) < 0.5` draws for each image as a DataLoader fetches it.
  const at::Tensor chosen =
      rows.draw(images.size(0), [](int64_t count, const at::Generator& generator) {
        return at::rand({count, 1, 1, 1}, generator, at::TensorOptions(at::kFloat)) < 0.5;
      });
  // Nobody waits for these few bytes on their way to a GPU.
  const at::Tensor there = chosen.to(images.device(), at::kBool, /*non_blocking=*/true);
  return at::where(there, images.flip(3), images);
}

}  // namespace sparring
