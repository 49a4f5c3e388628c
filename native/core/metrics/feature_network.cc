#include "core/metrics/feature_network.h"

#include <cmath>
#include <sstream>

#include "core/data/resize.h"
#include "core/error.h"
#include "core/runtime/accelerator.h"

namespace sparring {
namespace {

class Classifier : public FeatureNetwork {
 public:
  Classifier(const std::vector<Layer>& layers, const NamedTensors& weights,
             const FeatureInput& input, const at::Device& device)
      : FeatureNetwork(input, device), network_(layers, device, at::kFloat, unused_) {
    network_.load(weights);
    network_.body().eval();
  }

 protected:
  Seen look(const at::Tensor& images) override {
    const at::NoGradGuard no_grad;
    const auto parts = network_.body().children();
    at::Tensor value = images;
    for (size_t i = 0; i + 1 < parts.size(); ++i) value = pass(*parts[i], value);
    return {value, pass(*parts.back(), value)};
  }

 private:
  static at::Tensor pass(torch::nn::Module& part, const at::Tensor& value) {
    return dynamic_cast<Module&>(part).forward(value);
  }

  RandomStream unused_{0};
  Network network_;
};

// What values from `least` to `most` are, as part of a sentence.
std::string span_of(double least, double most) {
  if (std::isnan(least)) return "NaN";
  if (std::isinf(least) || std::isinf(most)) return "infinite values";
  std::ostringstream text;
  text << least << " to " << most;
  return text.str();
}

}  // namespace

void check_pixels(const at::Tensor& images, const Range& range) {
  const auto [low, high] = at::aminmax(images);
  const double least = low.item<double>(), most = high.item<double>();
  const double width = range.white - range.black, slack = width / 40;
  // A little beyond is rounding; half of the range again is another range, or no image.
  if (!(least >= range.black - slack && most <= range.white + slack)) {
    std::ostringstream text;
    text << "Expected values from " << range.black << " to " << range.white
         << " for the images but received " << span_of(least, most);
    throw Error("ERR_DATA", text.str());
  }
}

at::Tensor to_pixels(const at::Tensor& images, const Range& range) {
  if (!at::isfinite(images).all().item<bool>()) {
    throw Error("ERR_DATA", "Expected finite values for the images but received NaN or infinity");
  }
  const double scale = 255 / (range.white - range.black);
  return images.sub(range.black).mul_(scale).round_().clamp_(0, 255).to(at::kByte);
}

Seen FeatureNetwork::see(const at::Tensor& images) {
  enter_device(device_);
  const int64_t count = images.size(0);
  if (!input_.each_channel) {
    const Seen seen = look(prepare(images));
    return {seen.features.cpu(), seen.logits.defined() ? seen.logits.cpu() : seen.logits};
  }
  const at::Tensor apart = images.reshape({-1, 1, images.size(2), images.size(3)});
  const Seen seen = look(prepare(apart));
  return {seen.features.cpu().reshape({count, -1}), seen.logits.cpu().reshape({count, -1})};
}

at::Tensor FeatureNetwork::prepare(const at::Tensor& images) const {
  const int64_t size = input_.size;
  at::Tensor ready = size == 0 ? images : resize_images(images, size, size);
  if (ready.size(1) == 1 && input_.channels == 3) ready = ready.expand({-1, 3, -1, -1});
  ready = ready.to(device_);
  if (input_.bytes) return ready.contiguous();
  const double scale = (input_.white - input_.black) / 255;
  return ready.to(at::kFloat).mul_(scale).add_(input_.black);
}

std::unique_ptr<FeatureNetwork> make_classifier(const std::vector<Layer>& layers,
                                                const NamedTensors& weights,
                                                const FeatureInput& input,
                                                const at::Device& device) {
  return std::make_unique<Classifier>(layers, weights, input, device);
}

}  // namespace sparring
