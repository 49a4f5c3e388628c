#include "core/nn/latent.h"

namespace sparring {

at::Tensor draw_latent(const Latent& latent, int64_t count, const at::TensorOptions& options,
                       RandomStream& stream) {
  at::Generator& generator = stream.on(options.device());
  std::vector<at::Tensor> parts;
  if (latent.noise > 0) parts.push_back(at::randn({count, latent.noise}, generator, options));
  if (latent.classes > 0) {
    const at::Tensor labels =
        at::randint(latent.classes, {count}, generator, options.dtype(at::kLong));
    parts.push_back(at::one_hot(labels, latent.classes).to(options.dtype()));
  }
  if (latent.codes > 0) {
    parts.push_back(at::rand({count, latent.codes}, generator, options).mul_(2).sub_(1));
  }
  return parts.size() == 1 ? parts[0] : at::cat(parts, 1);
}

}  // namespace sparring
