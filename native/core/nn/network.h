// A generator or a discriminator: the module built from an architecture, on a device.
#pragma once

#include <string>
#include <vector>

#include "core/named_tensors.h"
#include "core/nn/sequential.h"

namespace sparring {

class Network {
 public:
  // Weights are drawn on the CPU and then moved, as `Module().to(device)` does, so a seed gives the
  // same weights on every device.
  Network(const std::vector<Layer>& layers, const at::Device& device, at::ScalarType precision,
          RandomStream& stream, const Init& init = {});

  // One pass in evaluation mode, without a graph. `labels` may be undefined; `forward` is the body
  // in another form, if it is there.
  at::Tensor evaluate(const at::Tensor& input, const at::Tensor& labels = {},
                      const Forward& forward = {}, double truncation_psi = 1);

  Sequential& body() { return *body_; }
  const at::Device& device() const { return device_; }
  at::ScalarType precision() const { return precision_; }
  // True where a sample depends on the others of its batch, in evaluation too.
  bool mixes_samples() const { return mixes_samples_; }
  std::vector<at::Tensor> parameters() const { return body_->parameters(); }
  // Their keys, in their order.
  std::vector<std::string> parameter_names() const;

  // Parameters and buffers under PyTorch's state-dict keys, in PyTorch's order.
  NamedTensors state() const;
  // Copies values in. lib/ has matched names and shapes; throws ERR_WEIGHTS where that fails.
  void load(const NamedTensors& values);

 private:
  std::shared_ptr<Sequential> body_;
  at::Device device_;
  at::ScalarType precision_;
  bool mixes_samples_;
};

}  // namespace sparring
