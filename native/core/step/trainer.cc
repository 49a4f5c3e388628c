#include "core/step/trainer.h"

#include <algorithm>

#include "core/data/flip.h"
#include "core/distributed/state.h"
#include "core/error.h"
#include "core/runtime/memory.h"

namespace sparring {
namespace {

at::Tensor rows_of(const Share& share, const at::Tensor& batch) {
  return batch.narrow(0, share.start, share.rows);
}

}  // namespace

Trainer::Trainer(std::shared_ptr<const Pair> pair, std::unique_ptr<Step> step)
    : pair_(std::move(pair)), adversarial_step_(std::move(step)) {
  loss_sums_ = at::zeros({2}, at::TensorOptions(pair_->generator->device()).dtype(at::kDouble));
  penalty_sums_ = at::zeros_like(loss_sums_);
}

void Trainer::use(std::shared_ptr<const Dataset> dataset, int64_t batch_size, bool drop_last) {
  const bool is_same = dataset == source_ && batch_size == batch_size_;
  if (is_same && drop_last == drops_last_) return;
  const bool goes_on = waits_for(*dataset, batch_size);
  mark_step();  // what the data was read with is of no use to the first step
  const at::Device& device = pair_->generator->device();
  // A device without room for it throws: as long as that may be, nothing has changed.
  const auto there =
      dataset->device() == device ? dataset : std::make_shared<const Dataset>(dataset->on(device));
  auto sampler = std::make_unique<Sampler>(there->size(), batch_size, pair_->stream,
                                           there->index_device(), drop_last);
  // The same epoch, which ends elsewhere.
  if (is_same && sampler_->permutation().defined()) {
    sampler->go_to(sampler_->permutation(), sampler_->position());
  }
  // As if it had never stopped: with other data or batches that would have been a new epoch.
  if (goes_on) {
    sampler->go_to(waiting_->tensor("sampler.permutation"), waiting_->count("sampler.position"));
  }
  feed_ = nullptr;
  source_ = std::move(dataset);
  dataset_ = there;
  sampler_ = std::move(sampler);
  batch_size_ = batch_size;
  drops_last_ = drop_last;
  waiting_.reset();
}

bool Trainer::waits_for(const Dataset& dataset, int64_t batch_size) const {
  if (!waiting_ || waiting_->data != dataset.fingerprint()) return false;
  if (waiting_->count("sampler.batchSize") != batch_size) return false;
  const int64_t ordered = waiting_->tensor("sampler.permutation").numel();
  if (ordered != dataset.size()) {
    refuse("an order of " + std::to_string(dataset.size()) + " images", "sampler.permutation",
           "one of " + std::to_string(ordered));
  }
  return true;
}

void Trainer::use(std::shared_ptr<Feed> feed) {
  if (feed == feed_) return;
  mark_step();
  feed_ = std::move(feed);
  batch_size_ = feed_->batch_size();
  source_ = dataset_ = nullptr;
  sampler_ = nullptr;
  waiting_.reset();
}

Feed::State Trainer::supply() const {
  return feed_ ? feed_->state(pair_->discriminator_steps) : Feed::State::kReady;
}

void Trainer::step(bool watched) {
  choose_products(pair_->precision, pair_->generator->device());
  mark_step();
  Watch watch;
  // For the first of the generator's updates, and after the step for its last: see OrderedStep.
  if (pair_->average) pair_->average->begin();
  if (pair_->ada) pair_->ada->begin_step();
  const int64_t images = images_;
  const Losses losses =
      adversarial_step_->run([this] { return next_batch(); }, watched ? &watch : nullptr);
  // Only now: of a step that failed half way nothing could be told.
  if (watched) watch_ = std::move(watch);
  if (pair_->average) pair_->average->end(*pair_->generator);
  if (pair_->ada) pair_->ada->end_step(images_ - images, pair_->sharing.get());
  add(losses);
  step_ += 1;
}

void Trainer::add(const Losses& losses) {
  const auto& [generator, discriminator] = losses;
  loss_sums_.add_(at::stack({generator.value, discriminator.value}).to(at::kDouble));
  if (generator.penalty.defined()) penalty_sums_[0].add_(generator.penalty);
  if (discriminator.penalty.defined()) penalty_sums_[1].add_(discriminator.penalty);
}

bool Trainer::step_and_ask(bool wants_stop, bool watched) {
  pair_->sharing->want_stop(wants_stop);
  step(watched);
  return pair_->sharing->stopped();
}

void Trainer::follow_rank_0() {
  // Whole, so that nothing has to be known of how rank 0 came there.
  const Snapshot common = broadcast_state(pair_->sharing->group(), snapshot());
  if (pair_->sharing->group().rank() != 0) restore(common);
}

void Trainer::check_equal() const {
  const Sharing& sharing = *pair_->sharing;
  sparring::check_equal(sharing.group(), snapshot(), sharing.normalizes_together());
}

Batch Trainer::next_batch() {
  Batch batch = feed_ ? next_fed() : next_sampled();
  // Of all ranks where they share it.
  images_ += pair_->sharing ? pair_->sharing->share().total : batch.images.size(0);
  return flips_ ? flipped(batch) : batch;
}

Batch Trainer::flipped(const Batch& batch) const {
  const Share* share = pair_->sharing ? &pair_->sharing->share() : nullptr;
  return {flip_some(batch.images, {pair_->stream->cpu(), share}), batch.labels};
}

Batch Trainer::next_sampled() {
  at::Tensor chosen = sampler_->next(), upcoming = sampler_->upcoming();
  if (sampler_->position() == chosen.size(0)) epochs_ += 1;
  if (pair_->sharing) {
    pair_->sharing->divide(chosen.size(0));
    chosen = rows_of(pair_->sharing->share(), chosen);
    upcoming = rows_of(pair_->sharing->share_of(upcoming.size(0)), upcoming);
  }
  Batch batch = dataset_->batch(chosen, pair_->generator->precision(), pair_->range);
  dataset_->announce(upcoming);
  return batch;
}

Batch Trainer::next_fed() {
  const Feed::Fed fed = feed_->next();
  // As a sampler would: the same images in the same order then train to the same bits.
  if (fed.begins_epoch) {
    Sampler::draw_epoch(*pair_->stream);
    epochs_ += 1;
  }
  const at::Device& device = pair_->generator->device();
  const at::Tensor images = uploads_.to(fed.images, device);
  // CUDA takes up to 64 KB, 8,192 labels, along with the command, and nobody waits.
  const at::Tensor labels =
      fed.labels.defined() ? fed.labels.to(device, at::kLong, /*non_blocking=*/true) : at::Tensor();
  return make_batch(images, labels, pair_->generator->precision(), pair_->range);
}

Report Trainer::report() {
  // Together to the CPU: one wait for the device.
  const at::Tensor sums = at::cat({loss_sums_, penalty_sums_}).cpu();
  const auto mean = [&](int64_t place) {
    return sums[place].item<double>() / static_cast<double>(step_ - reported_);
  };
  Report report{step_,  step_ - reported_, images_, std::max<int64_t>(epochs_ - 1, 0), mean(0),
                mean(1)};
  if (pair_->path_length) report.generator_penalty = mean(2);
  if (!pair_->penalties.empty()) report.discriminator_penalty = mean(3);
  report.generator_rate = pair_->generator_optimizer->last_rate();
  report.discriminator_rate = pair_->discriminator_optimizer->last_rate();
  if (watch_) {
    const Watch watch = pair_->sharing ? of_all(*watch_, *pair_->sharing) : *watch_;
    report.health = health_of(watch, *pair_->objective, *pair_->generator, *pair_->discriminator);
  }
  if (pair_->ada && report.health) {
    report.health->augment_probability = pair_->ada->probability();
  }
  if (pair_->path_length && report.health) {
    report.health->mean_path_length = pair_->path_length->mean();
  }
  watch_.reset();
  loss_sums_.zero_();
  penalty_sums_.zero_();
  reported_ = step_;
  images_ = 0;
  return report;
}

}  // namespace sparring
