#include "core/metrics/train_classifier.h"

namespace sparring {

ClassifierTraining::ClassifierTraining(std::shared_ptr<Network> network,
                                       std::shared_ptr<const Dataset> dataset,
                                       const ClassifierRecipe& recipe)
    : network_(std::move(network)),
      dataset_(std::move(dataset)),
      recipe_(recipe),
      stream_(std::make_shared<RandomStream>(recipe.seed)),
      sampler_(dataset_->size(), recipe.batch_size, stream_, network_->device()),
      optimizer_(make_optimizer(recipe.optimizer, network_->parameters())) {}

std::optional<double> ClassifierTraining::operator()() {
  const Batch batch = dataset_->batch(sampler_.next(), network_->precision());
  const Context context{{}, stream_.get()};
  network_->body().train();
  const at::Tensor logits = network_->body().forward(shifted(batch.images), context);
  const at::Tensor loss = at::cross_entropy_loss(logits, batch.labels);
  optimizer_->step_fused(torch::autograd::grad({loss}, network_->parameters()));
  if (++done_ < recipe_.steps) return std::nullopt;
  return loss.item<double>();
}

// Every image by its own offset, by one gather; what comes in is black.
at::Tensor ClassifierTraining::shifted(const at::Tensor& images) {
  if (recipe_.shift == 0) return images;
  const int64_t count = images.size(0), height = images.size(2), width = images.size(3);
  const int64_t border = recipe_.shift, most = 2 * border + 1;
  const at::Tensor wide =
      at::constant_pad_nd(images, {border, border, border, border}, -1);  // [N, C, H + 2b, W + 2b]
  const auto draw = [&] {
    return at::randint(0, most, {count, 1}, stream_->cpu(), at::kLong).to(images.device());
  };
  const auto options = at::TensorOptions(at::kLong).device(images.device());
  const at::Tensor rows = draw() + at::arange(height, options);    // [N, H]
  const at::Tensor columns = draw() + at::arange(width, options);  // [N, W]
  const at::Tensor each = at::arange(count, options).reshape({-1, 1, 1, 1});
  const at::Tensor channels = at::arange(images.size(1), options).reshape({1, -1, 1, 1});
  return wide.index(
      {each, channels, rows.reshape({count, 1, height, 1}), columns.reshape({count, 1, 1, width})});
}

}  // namespace sparring
