#include "core/nn/samples.h"

namespace sparring {

at::Tensor Samples::next(Network& network) {
  return parts_.next(network, [&](int64_t start, int64_t size) {
    const auto options = at::TensorOptions(network.device()).dtype(network.precision());
    const auto chosen = [&](const at::Tensor& all) {
      return all.defined() ? all.narrow(0, start, size).to(network.device()) : all;
    };
    const at::Tensor labels = chosen(request_.labels);
    const LatentBatch given{
        {}, labels.defined() ? labels.to(at::kLong) : labels, chosen(request_.codes)};
    LatentBatch batch =
        draw_latent(request_.latent, size, options, stream_.on(options.device()), given);
    if (request_.truncation > 0) {
      batch.noise = truncated(batch.noise, request_.latent, request_.truncation);
    }
    // Drawn all the same: labels and codes are those that come after it.
    if (request_.noise.defined()) batch.noise = chosen(request_.noise).to(options);
    return network.evaluate(batch.input(request_.latent), batch.labels, forward_,
                            request_.truncation_psi);
  });
}

std::optional<at::Tensor> Sampling::operator()() {
  const int64_t start = samples_.done();
  put_rows(all_, samples_.next(*network_).cpu(), start, samples_.count());
  return samples_.is_done() ? std::make_optional(all_) : std::nullopt;
}

}  // namespace sparring
