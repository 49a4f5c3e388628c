#include "core/data/feed.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/data/planes.h"
#include "core/error.h"
#include "core/hash.h"

namespace sparring {

Feed::Feed(Options options) : Feed(std::move(options), Place()) {}

Feed::Feed(Options options, const Place& from)
    : options_(std::move(options)), from_(from), epoch_(from.epoch), place_(from) {
  batch_ = make_buffer(options_.batch_size);
  pool_ = make_buffer(options_.shuffle);
  begin_epoch();
}

Feed::Buffer Feed::make_buffer(int64_t capacity) const {
  std::vector<int64_t> shape{capacity};
  shape.insert(shape.end(), options_.image.begin(), options_.image.end());
  return {at::empty(shape, options_.exact ? at::kFloat : at::kByte),
          at::zeros({capacity}, at::kByte)};
}

void Feed::copy_row(Buffer& to, int64_t at, const Buffer& from, int64_t index) const {
  const size_t bytes = batch_.images.nbytes() / options_.batch_size;
  std::memcpy(static_cast<uint8_t*>(to.images.mutable_data_ptr()) + at * bytes,
              static_cast<const uint8_t*>(from.images.const_data_ptr()) + index * bytes, bytes);
  if (options_.labelled) {
    to.labels.mutable_data_ptr<uint8_t>()[at] = from.labels.const_data_ptr<uint8_t>()[index];
  }
}

void Feed::begin_epoch() {
  batches_ = 0;
  trace_ = 1;
  random_.seed(fold(fold(1, options_.seed), static_cast<uint64_t>(epoch_)));
}

void Feed::push(const at::Tensor& images, const at::Tensor& labels) {
  const Buffer given{images.contiguous(), labels, images.size(0)};
  for (int64_t i = 0; i < given.count; ++i) {
    if (options_.shuffle == 0) {
      add(given, i);
    } else if (pool_.count < options_.shuffle) {
      copy_row(pool_, pool_.count++, given, i);
    } else {
      const auto chosen = static_cast<int64_t>(random_() % static_cast<uint64_t>(pool_.count));
      add(pool_, chosen);
      copy_row(pool_, chosen, given, i);
    }
  }
}

void Feed::end_epoch() {
  for (; pool_.count > 0; --pool_.count) {
    const auto chosen = static_cast<int64_t>(random_() % static_cast<uint64_t>(pool_.count));
    add(pool_, chosen);
    if (chosen < pool_.count - 1) copy_row(pool_, chosen, pool_, pool_.count - 1);
  }
  // One that was trained on before last batches were left out is a part of the place.
  const bool was_seen = epoch_ == from_.epoch && batches_ < from_.batches;
  if (options_.drop_last && !was_seen) batch_.count = 0;
  if (batch_.count > 0) finish_batch();
  if (epoch_ == from_.epoch && batches_ < from_.batches) {
    refuse("no more than " + std::to_string(batches_) + " batches");
  }
  epoch_ += 1;
  begin_epoch();
}

void Feed::add(const Buffer& from, int64_t index) {
  copy_row(batch_, batch_.count++, from, index);
  if (batch_.count == options_.batch_size) finish_batch();
}

void Feed::finish_batch() {
  const at::Tensor images = batch_.images.narrow(0, 0, batch_.count);
  const at::Tensor labels =
      options_.labelled ? batch_.labels.narrow(0, 0, batch_.count) : at::Tensor();
  trace_ = fold(trace_, images);
  if (labels.defined()) trace_ = fold(trace_, labels);
  batches_ += 1;
  const Place after{epoch_, batches_, trace_ >> 11};
  batch_.count = 0;
  if (epoch_ > from_.epoch || batches_ > from_.batches) {
    hand_over({{images, labels, batches_ == 1}, after});
    batch_ = make_buffer(options_.batch_size);
  } else if (batches_ == from_.batches && after.trace != from_.trace) {
    refuse("others");
  }
}

void Feed::refuse(const std::string& received) const {
  throw Error("ERR_DATA", "Expected the images that epoch " + std::to_string(from_.epoch) +
                              " was left at after " + std::to_string(from_.batches) +
                              " batches for source but received " + received +
                              "; a stream with another seed begins anew");
}

void Feed::hand_over(Ready ready) {
  const std::lock_guard lock(mutex_);
  ready_.push_back(std::move(ready));
}

void Feed::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  release();
}

void Feed::release() {
  std::function<void()> below;
  {
    const std::lock_guard lock(mutex_);
    below.swap(below_);
  }
  if (below) below();
}

int64_t Feed::ahead() const {
  const std::lock_guard lock(mutex_);
  return static_cast<int64_t>(ready_.size());
}

Feed::Place Feed::place() const {
  const std::lock_guard lock(mutex_);
  return place_;
}

Feed::State Feed::state(int64_t batches) const {
  const std::lock_guard lock(mutex_);
  if (static_cast<int64_t>(ready_.size()) >= batches) return State::kReady;
  return closed_ ? State::kOver : State::kWaiting;
}

void Feed::when_below(int64_t limit, std::function<void()> callback) {
  bool is_below;
  {
    const std::lock_guard lock(mutex_);
    below_ = std::move(callback);
    limit_ = limit;
    is_below = closed_ || static_cast<int64_t>(ready_.size()) < limit;
  }
  if (is_below) release();
}

Feed::Fed Feed::next() {
  std::function<void()> below;
  Ready taken;
  {
    const std::lock_guard lock(mutex_);
    taken = std::move(ready_.front());
    ready_.pop_front();
    place_ = taken.after;
    if (static_cast<int64_t>(ready_.size()) < limit_) below.swap(below_);
  }
  if (below) below();
  if (options_.channels_last) taken.fed.images = turned(taken.fed.images);
  return std::move(taken.fed);
}

// Here, and not where they come: that is JavaScript's thread, which has other things to do.
at::Tensor Feed::turned(const at::Tensor& images) const {
  const std::vector<int64_t>& image = options_.image;
  return planes_of(images.view({images.size(0), image[1], image[2], image[0]})).contiguous();
}

uint64_t Feed::identity() const {
  uint64_t hash = fold(1, static_cast<uint64_t>(options_.shuffle));
  hash = fold(fold(hash, options_.seed), options_.labelled ? 1 : 0);
  for (const int64_t side : options_.image) hash = fold(hash, static_cast<uint64_t>(side));
  // Nothing for bytes in planes: checkpoints of before know those.
  if (options_.exact) hash = fold(hash, 1);
  // What was seen is known by its bytes as they came.
  if (options_.channels_last) hash = fold(hash, 2);
  return std::max<uint64_t>(hash, 1);
}

}  // namespace sparring
