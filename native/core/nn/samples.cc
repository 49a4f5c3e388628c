#include "core/nn/samples.h"

#include <algorithm>

namespace sparring {

at::Tensor Samples::next(Network& network) {
  const int64_t size = std::min(kSampleBatch, request_.count - done_);
  const auto options = at::TensorOptions(network.device()).dtype(network.precision());
  const auto chosen = [&](const at::Tensor& all) {
    return all.defined() ? all.narrow(0, done_, size).to(network.device()) : all;
  };
  const LatentBatch given{{}, chosen(request_.labels), chosen(request_.codes)};
  const LatentBatch batch =
      draw_latent(request_.latent, size, options, stream_.on(options.device()), given);
  done_ += size;
  return network.evaluate(batch.input(request_.latent), batch.labels);
}

}  // namespace sparring
