#include "core/step/trainer.h"

namespace sparring {

Trainer::Trainer(std::shared_ptr<const Pair> pair, std::unique_ptr<Step> step)
    : pair_(std::move(pair)), adversarial_step_(std::move(step)) {
  loss_sums_ = at::zeros({2}, at::TensorOptions(pair_->generator->device()).dtype(at::kDouble));
}

void Trainer::use(std::shared_ptr<const Dataset> dataset, int64_t batch_size) {
  if (dataset == source_ && batch_size == batch_size_) return;
  const at::Device& device = pair_->generator->device();
  source_ = std::move(dataset);
  dataset_ = source_->device() == device ? source_ : std::make_shared<Dataset>(source_->on(device));
  batch_size_ = batch_size;
  sampler_ = std::make_unique<Sampler>(dataset_->size(), batch_size, pair_->stream, device);
}

void Trainer::step() {
  choose_products(pair_->precision, pair_->generator->device());
  const Losses losses = adversarial_step_->run([this] { return next_batch(); });
  if (pair_->average) pair_->average->update(*pair_->generator);
  loss_sums_.add_(at::stack({losses.generator, losses.discriminator}).to(at::kDouble));
  step_ += 1;
}

Batch Trainer::next_batch() {
  Batch batch = dataset_->batch(sampler_->next(), pair_->generator->precision());
  images_ += batch.images.size(0);
  return batch;
}

Report Trainer::report() {
  const at::Tensor means = (loss_sums_ / static_cast<double>(step_ - reported_)).cpu();
  const Report report{step_, step_ - reported_, images_, means[0].item<double>(),
                      means[1].item<double>()};
  loss_sums_.zero_();
  reported_ = step_;
  images_ = 0;
  return report;
}

}  // namespace sparring
