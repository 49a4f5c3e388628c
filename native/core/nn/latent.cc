#include "core/nn/latent.h"

#include <algorithm>
#include <cmath>

namespace sparring {
namespace {

// Of a uniform distribution with variance 1.
const double kBound = std::sqrt(3.0);

}  // namespace

at::Tensor draw_noise(const Latent& latent, int64_t count, const at::TensorOptions& options,
                      at::Generator& generator) {
  if (!latent.uniform) return at::randn({count, latent.noise}, generator, options);
  return at::empty({count, latent.noise}, options).uniform_(-kBound, kBound, generator);
}

at::Tensor LatentBatch::input(const Latent& latent) const {
  std::vector<at::Tensor> parts{noise};
  if (labels.defined() && latent.one_hot) {
    parts.push_back(at::one_hot(labels, latent.classes).to(noise.scalar_type()));
  }
  if (codes.defined()) parts.push_back(codes);
  return parts.size() == 1 ? parts[0] : at::cat(parts, 1);
}

at::Tensor truncated(const at::Tensor& noise, const Latent& latent, double most) {
  if (latent.uniform) return noise * std::min(1.0, most / kBound);
  // In float64: float32 has no number between the error function of 5 and 1.
  const double root = std::sqrt(2.0);
  const at::Tensor quantiles = at::erf(noise.to(at::kDouble) / root) * std::erf(most / root);
  return (at::erfinv(quantiles) * root).clamp_(-most, most).to(noise.scalar_type());
}

LatentBatch draw_latent(const Latent& latent, int64_t count, const at::TensorOptions& options,
                        const Rows& rows, const LatentBatch& chosen) {
  LatentBatch batch = chosen;
  const at::TensorOptions drawn = options.dtype(kDrawn);
  batch.noise = rows.draw(count,
                          [&](int64_t n, at::Generator generator) {
                            return draw_noise(latent, n, drawn, generator);
                          })
                    .to(options);
  if (latent.classes > 0 && !batch.labels.defined()) {
    batch.labels = rows.draw(count, [&](int64_t n, const at::Generator& generator) {
      return at::randint(latent.classes, {n}, generator, options.dtype(at::kLong));
    });
  }
  if (latent.codes > 0 && !batch.codes.defined()) {
    batch.codes = rows.draw(count,
                            [&](int64_t n, const at::Generator& generator) {
                              return at::rand({n, latent.codes}, generator, drawn).mul_(2).sub_(1);
                            })
                      .to(options);
  }
  return batch;
}

}  // namespace sparring
