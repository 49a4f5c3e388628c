#include "core/nn/latent.h"

namespace sparring {

at::Tensor LatentBatch::input(const Latent& latent) const {
  std::vector<at::Tensor> parts{noise};
  if (labels.defined() && latent.one_hot) {
    parts.push_back(at::one_hot(labels, latent.classes).to(noise.scalar_type()));
  }
  if (codes.defined()) parts.push_back(codes);
  return parts.size() == 1 ? parts[0] : at::cat(parts, 1);
}

LatentBatch draw_latent(const Latent& latent, int64_t count, const at::TensorOptions& options,
                        RandomStream& stream, const LatentBatch& chosen) {
  at::Generator& generator = stream.on(options.device());
  LatentBatch batch = chosen;
  batch.noise = at::randn({count, latent.noise}, generator, options);
  if (latent.classes > 0 && !batch.labels.defined()) {
    batch.labels = at::randint(latent.classes, {count}, generator, options.dtype(at::kLong));
  }
  if (latent.codes > 0 && !batch.codes.defined()) {
    batch.codes = at::rand({count, latent.codes}, generator, options).mul_(2).sub_(1);
  }
  return batch;
}

}  // namespace sparring
