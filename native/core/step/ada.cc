#include "core/step/ada.h"

namespace sparring {

Ada::Ada(AdaOptions options, const at::TensorOptions& images)
    : options_(std::move(options)), pipeline_(options_.transforms, options_.image, images) {
  const auto numbers = images.dtype(at::kDouble);
  noted_ = at::zeros({2}, numbers);
  state_ = at::zeros({kValues}, numbers);
  state_.select(0, kProbability).fill_(options_.probability);
}

// In place: a recorded step does it again and again.
void Ada::note(const at::Tensor& real_scores, double weight) {
  if (!options_.adapts) return;
  const at::NoGradGuard no_grad;
  const at::Tensor signs = (real_scores.detach() - options_.middle).sign();
  noted_.select(0, 0).add_(signs.sum(at::kDouble), weight);
  noted_.select(0, 1).add_(static_cast<double>(signs.numel()) * weight);
}

void Ada::end_step(int64_t images, const Sharing* sharing) {
  if (!options_.adapts) return;
  if (sharing != nullptr) sharing->group().sum(noted_);
  state_.narrow(0, kSigns, 2).add_(noted_);
  steps_ += 1;
  images_ += images;
  if (steps_ < options_.interval) return;
  state_.select(0, kProbability).copy_(moved());
  state_.narrow(0, kSigns, 2).zero_();
  steps_ = images_ = 0;
}

at::Tensor Ada::moved() const {
  const at::Tensor mean = state_.select(0, kSigns) / state_.select(0, kScores);
  const double by = static_cast<double>(images_) / (options_.thousands * 1000);
  return (state_.select(0, kProbability) + (mean - options_.target).sign() * by).clamp(0, 1);
}

void Ada::save(Snapshot& to) const {
  add_copies(to.tensors, "", {{"ada", state_}});
  to.counts["ada.steps"] = steps_;
  to.counts["ada.images"] = images_;
}

void Ada::restore(const Snapshot& from) {
  const at::Tensor& saved = from.tensor("ada");
  const bool fits = saved.scalar_type() == at::kDouble && saved.sizes() == state_.sizes();
  const double probability = fits ? saved[kProbability].item<double>() : -1;
  if (!(probability >= 0 && probability <= 1 && saved.isfinite().all().item<bool>())) {
    refuse("a probability and two sums", "ada", "other values");
  }
  state_.copy_(saved);
  steps_ = from.count("ada.steps");
  images_ = from.count("ada.images");
}

}  // namespace sparring
