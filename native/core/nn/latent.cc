#include "core/nn/latent.h"

#include <cmath>

namespace sparring {
namespace {

at::Tensor draw_noise(const Latent& latent, int64_t count, const at::TensorOptions& options,
                      at::Generator& generator) {
  if (!latent.uniform) return at::randn({count, latent.noise}, generator, options);
  const double bound = std::sqrt(3.0);
  return at::empty({count, latent.noise}, options).uniform_(-bound, bound, generator);
}

}  // namespace

at::Tensor LatentBatch::input(const Latent& latent) const {
  std::vector<at::Tensor> parts{noise};
  if (labels.defined() && latent.one_hot) {
    parts.push_back(at::one_hot(labels, latent.classes).to(noise.scalar_type()));
  }
  if (codes.defined()) parts.push_back(codes);
  return parts.size() == 1 ? parts[0] : at::cat(parts, 1);
}

LatentBatch draw_latent(const Latent& latent, int64_t count, const at::TensorOptions& options,
                        const Rows& rows, const LatentBatch& chosen) {
  LatentBatch batch = chosen;
  batch.noise = rows.draw(count, [&](int64_t n, at::Generator generator) {
    return draw_noise(latent, n, options, generator);
  });
  if (latent.classes > 0 && !batch.labels.defined()) {
    batch.labels = rows.draw(count, [&](int64_t n, const at::Generator& generator) {
      return at::randint(latent.classes, {n}, generator, options.dtype(at::kLong));
    });
  }
  if (latent.codes > 0 && !batch.codes.defined()) {
    batch.codes = rows.draw(count, [&](int64_t n, const at::Generator& generator) {
      return at::rand({n, latent.codes}, generator, options).mul_(2).sub_(1);
    });
  }
  return batch;
}

}  // namespace sparring
