// A network whose features images are compared by, and the one way that images take to it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/data/dataset.h"
#include "core/nn/network.h"

namespace sparring {

struct Seen {
  at::Tensor features;  // [N, width], on the CPU
  at::Tensor logits;    // [N, classes]; undefined where it classifies nothing
};

// What the network takes.
struct FeatureInput {
  int64_t channels, size;  // a square; 0: whatever the images have
  double black, white;     // the values of black and white
  bool bytes;              // as uint8
  bool each_channel;  // each channel is an image of its own, and their features stand side by side
};

class FeatureNetwork {
 public:
  FeatureNetwork(const FeatureInput& input, const at::Device& device)
      : input_(input), device_(device) {}
  virtual ~FeatureNetwork() = default;

  // Images as bytes, uint8 [N, C, H, W].
  Seen see(const at::Tensor& images);
  const at::Device& device() const { return device_; }
  const FeatureInput& input() const { return input_; }

 protected:
  // Sees images of the kind that the network takes, on its device.
  virtual Seen look(const at::Tensor& images) = 0;

 private:
  at::Tensor prepare(const at::Tensor& images) const;

  FeatureInput input_;
  at::Device device_;
};

// Throws ERR_DATA for values that are far outside of the range, as those of another range are, or
// no numbers.
void check_pixels(const at::Tensor& images, const Range& range);

// Values as generators make them, as the bytes that a picture of them would hold: those of a
// generator whose last layer knows no bounds are clipped. Throws ERR_DATA for what is no number.
at::Tensor to_pixels(const at::Tensor& images, const Range& range);

// A network of ours: all but its last child make the features, and that makes the logits of them.
// Draws no random numbers that anybody else would have drawn.
std::unique_ptr<FeatureNetwork> make_classifier(const std::vector<Layer>& layers,
                                                const NamedTensors& weights,
                                                const FeatureInput& input,
                                                const at::Device& device);

// A TorchScript file of the user's. Throws ERR_DATA where it cannot be loaded, does not take such
// images or does not answer with [N, width]. `name` is what the user calls it.
std::unique_ptr<FeatureNetwork> load_torch_script(const std::string& path, const std::string& name,
                                                  const FeatureInput& input,
                                                  const at::Device& device);

}  // namespace sparring
