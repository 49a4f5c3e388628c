#include "core/metrics/parzen.h"

#include <algorithm>
#include <cmath>

namespace sparring {
namespace {

// Distances held at a time, and products a block: 16 MB, and a tenth of a second on two cores.
constexpr int64_t kMostDistances = int64_t{1} << 21;
constexpr int64_t kMostProducts = int64_t{1} << 30;

}  // namespace

ParzenWindow::ParzenWindow(const at::Tensor& samples, at::Tensor points, std::vector<double> sigmas)
    : points_(std::move(points)), sigmas_(std::move(sigmas)) {
  const at::NoGradGuard no_grad;
  samples_ = samples.to(at::kDouble);
  // Distances stay the same, their squares have less to cancel.
  centre_ = samples_.mean(0);
  samples_ = samples_.sub(centre_);
  squares_ = samples_.square().sum(1);
  distances_ = at::empty({block_size(), samples_.size(0)}, samples_.options());
  powers_ = at::empty_like(distances_);
  likelihoods_ =
      at::empty({static_cast<int64_t>(sigmas_.size()), points_.size(0)}, samples_.options());
}

int64_t ParzenWindow::block_size() const {
  const int64_t samples = samples_.size(0), products = samples_.numel();
  return std::clamp(std::min(kMostDistances / samples, kMostProducts / products), int64_t{1},
                    points_.size(0));
}

bool ParzenWindow::advance() {
  const at::NoGradGuard no_grad;
  const int64_t count = std::min(distances_.size(0), points_.size(0) - done_);
  if (count == 0) return false;
  const at::Tensor x = points_.narrow(0, done_, count).to(at::kDouble).sub_(centre_);
  at::Tensor distances = distances_.narrow(0, 0, count), powers = powers_.narrow(0, 0, count);
  // |s - x|^2 = |s|^2 - 2 s.x + |x|^2, whose last term is the same for all samples of a point.
  at::addmm_out(distances, squares_, x, samples_.t(), /*beta=*/1, /*alpha=*/-2);
  const at::Tensor least = distances.amin(1, /*keepdim=*/true);  // [count, 1]
  distances.sub_(least);
  const at::Tensor nearest = least.squeeze(1).add(x.square().sum(1));
  const double dimensions = static_cast<double>(x.size(1));
  for (size_t i = 0; i < sigmas_.size(); ++i) {
    const double sigma = sigmas_[i], scale = -0.5 / (sigma * sigma);
    at::mul_out(powers, distances, at::scalar_tensor(scale, distances.options()));
    // The largest power is 0, so that neither overflow nor a sum of zeros can be.
    const at::Tensor mean = powers.exp_().mean(1).log_();
    likelihoods_[static_cast<int64_t>(i)]
        .narrow(0, done_, count)
        .copy_(mean.add_(nearest, scale).sub_(dimensions * std::log(sigma * std::sqrt(2 * M_PI))));
  }
  done_ += count;
  return done_ < points_.size(0);
}

std::vector<ParzenWindow::Estimate> ParzenWindow::estimates() const {
  const double root = std::sqrt(static_cast<double>(points_.size(0)));
  std::vector<Estimate> estimates;
  for (const at::Tensor& row : likelihoods_.unbind(0)) {
    estimates.push_back({row.mean().item<double>(), row.std(0, false).item<double>() / root});
  }
  return estimates;
}

std::optional<ParzenAnswer> ParzenSearch::operator()() {
  if (!window_) start();
  if (window_->advance()) return std::nullopt;
  std::vector<ParzenWindow::Estimate> estimates = window_->estimates();
  window_.reset();
  if (task_.validation.defined()) {
    choose(std::move(estimates));
    return std::nullopt;
  }
  answer_.test = estimates[0];
  return answer_;
}

void ParzenSearch::start() {
  if (!pixels_.defined()) {
    const auto [black, white] = task_.range;
    pixels_ = task_.samples.to(at::kDouble);
    // To a black and a white that their type has.
    if (task_.clip) pixels_.clamp_(static_cast<float>(black), static_cast<float>(white));
    pixels_.sub_(black).div_(white - black);
    task_.samples = at::Tensor();
  }
  if (task_.validation.defined()) {
    window_.emplace(pixels_, task_.validation, task_.sigmas);
  } else {
    const std::vector<double> sigma{task_.sigmas[answer_.best]};
    window_.emplace(pixels_, task_.test, sigma);
  }
}

void ParzenSearch::choose(std::vector<ParzenWindow::Estimate> tried) {
  for (size_t i = 1; i < tried.size(); ++i) {
    if (tried[i].mean > tried[answer_.best].mean) answer_.best = i;
  }
  answer_.tried = std::move(tried);
  task_.validation = at::Tensor();
}

}  // namespace sparring
