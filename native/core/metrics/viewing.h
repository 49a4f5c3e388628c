// What a network sees in many images, a part of them a call: a training step gets its turn in
// between.
#pragma once

#include <memory>
#include <optional>

#include "core/metrics/feature_network.h"
#include "core/nn/samples.h"

namespace sparring {

// Where the images come from.
class ImageSource {
 public:
  explicit ImageSource(int64_t count) : count_(count) {}
  virtual ~ImageSource() = default;

  int64_t count() const { return count_; }
  int64_t done() const { return done_; }
  // The next of them: uint8 [n, C, H, W].
  at::Tensor next();

 private:
  // Images from `start` on, usually `size` of them.
  virtual at::Tensor part(int64_t start, int64_t size) = 0;

  int64_t count_, done_ = 0;
};

// Values from -1 to 1, float [N, C, H, W]. Throws ERR_DATA, when they are asked for, where they are
// others.
std::unique_ptr<ImageSource> images_of(at::Tensor values);
// Images of a dataset, drawn without replacement: those of a folder stand class by class.
std::unique_ptr<ImageSource> images_of(std::shared_ptr<const Dataset> dataset, int64_t count,
                                       uint64_t seed);
// A generator's samples; `forward` is its body in another form, if it is there.
std::unique_ptr<ImageSource> images_of(std::shared_ptr<Network> generator, const Range& range,
                                       SampleRequest request, Forward forward = {});

class Viewing {
 public:
  Viewing(std::shared_ptr<FeatureNetwork> network, std::unique_ptr<ImageSource> images)
      : network_(std::move(network)), images_(std::move(images)) {}
  std::optional<Seen> operator()();  // of all images, after the last part

 private:
  std::shared_ptr<FeatureNetwork> network_;
  std::unique_ptr<ImageSource> images_;
  Seen all_;
};

}  // namespace sparring
