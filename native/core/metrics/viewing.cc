#include "core/metrics/viewing.h"

#include <algorithm>

#include "core/data/sampler.h"

namespace sparring {
namespace {

class Values : public ImageSource {
 public:
  explicit Values(at::Tensor values) : ImageSource(values.size(0)), values_(std::move(values)) {}

 private:
  at::Tensor part(int64_t start, int64_t size) override {
    const at::Tensor part = values_.narrow(0, start, size);
    // Whose they are, and so what black and white are to them, is not known here.
    check_pixels(part, {});
    return to_pixels(part, {});
  }

  at::Tensor values_;
};

class Drawn : public ImageSource {
 public:
  Drawn(std::shared_ptr<const Dataset> dataset, int64_t count, uint64_t seed)
      : ImageSource(count),
        dataset_(std::move(dataset)),
        order_(shuffled(dataset_->size(), seed)) {}

 private:
  at::Tensor part(int64_t start, int64_t size) override {
    const at::Tensor chosen = order_.narrow(0, start, size).to(dataset_->index_device());
    return to_pixels(dataset_->batch(chosen, at::kFloat).images, {});
  }

  std::shared_ptr<const Dataset> dataset_;
  at::Tensor order_;
};

class Generated : public ImageSource {
 public:
  Generated(std::shared_ptr<Network> generator, const Range& range, SampleRequest request,
            Forward forward)
      : ImageSource(request.count),
        generator_(std::move(generator)),
        range_(range),
        samples_(std::move(request), std::move(forward)) {}

 private:
  at::Tensor part(int64_t, int64_t) override {
    return to_pixels(samples_.next(*generator_), range_);
  }

  std::shared_ptr<Network> generator_;
  Range range_;
  Samples samples_;
};

}  // namespace

at::Tensor ImageSource::next() {
  const at::Tensor images = part(done_, std::min(kSampleBatch, count_ - done_));
  done_ += images.size(0);
  return images;
}

std::unique_ptr<ImageSource> images_of(at::Tensor values) {
  return std::make_unique<Values>(std::move(values));
}

std::unique_ptr<ImageSource> images_of(std::shared_ptr<const Dataset> dataset, int64_t count,
                                       uint64_t seed) {
  return std::make_unique<Drawn>(std::move(dataset), count, seed);
}

std::unique_ptr<ImageSource> images_of(std::shared_ptr<Network> generator, const Range& range,
                                       SampleRequest request, Forward forward) {
  return std::make_unique<Generated>(std::move(generator), range, std::move(request),
                                     std::move(forward));
}

std::optional<Seen> Viewing::operator()() {
  const int64_t start = images_->done(), count = images_->count();
  const Seen seen = network_->see(images_->next());
  put_rows(all_.features, seen.features, start, count);
  if (seen.logits.defined()) put_rows(all_.logits, seen.logits, start, count);
  if (images_->done() < count) return std::nullopt;
  return all_;
}

}  // namespace sparring
