#include "core/nn/samples.h"

#include <algorithm>

namespace sparring {

namespace {

NamedTensors copies_of(const NamedTensors& tensors) {
  NamedTensors copies;
  for (const auto& [name, tensor] : tensors) copies.emplace_back(name, tensor.detach().clone());
  return copies;
}

// A network with the weights that it had, for as long as this lives.
class Earlier {
 public:
  Earlier(Network& network, const NamedTensors& weights)
      : network_(network), present_(copies_of(network.state())) {
    network_.load(weights);
  }
  ~Earlier() { network_.load(present_); }
  Earlier(const Earlier&) = delete;
  Earlier& operator=(const Earlier&) = delete;

 private:
  Network& network_;
  NamedTensors present_;
};

}  // namespace

at::Tensor Samples::next(Network& network) {
  const int64_t most = network.mixes_samples() ? request_.count : kSampleBatch;
  const int64_t size = std::min(most, request_.count - done_);
  std::optional<Earlier> earlier;
  if (done_ > 0) {
    earlier.emplace(network, weights_);
  } else if (size < request_.count) {
    weights_ = copies_of(network.state());
  }
  const auto options = at::TensorOptions(network.device()).dtype(network.precision());
  const auto chosen = [&](const at::Tensor& all) {
    return all.defined() ? all.narrow(0, done_, size).to(network.device()) : all;
  };
  const LatentBatch given{{}, chosen(request_.labels), chosen(request_.codes)};
  LatentBatch batch =
      draw_latent(request_.latent, size, options, stream_.on(options.device()), given);
  // Drawn all the same: labels and codes are those that come after it.
  if (request_.noise.defined()) batch.noise = chosen(request_.noise).to(options);
  done_ += size;
  return network.evaluate(batch.input(request_.latent), batch.labels);
}

void put_rows(at::Tensor& all, const at::Tensor& part, int64_t start, int64_t count) {
  if (start == 0) {
    Shape shape = part.sizes().vec();
    shape[0] = count;
    all = at::empty(shape, part.options());
  }
  all.narrow(0, start, part.size(0)).copy_(part);
}

std::optional<at::Tensor> Sampling::operator()() {
  const int64_t start = samples_.done();
  put_rows(all_, samples_.next(*network_).cpu(), start, samples_.count());
  return samples_.is_done() ? std::make_optional(all_) : std::nullopt;
}

}  // namespace sparring
