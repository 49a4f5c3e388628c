// A generator's samples, a part at a time.
#pragma once

#include <memory>
#include <optional>

#include "core/nn/latent.h"
#include "core/nn/parts.h"

namespace sparring {

// What one wants to see: noise, labels and codes that are chosen, for all the samples, or drawn.
struct SampleRequest {
  Latent latent;
  int64_t count;
  uint64_t seed;
  at::Tensor labels, codes, noise;  // labels: of any type of whole numbers
  double truncation = 0;            // of drawn noise: see truncated(); 0 for none
  double truncation_psi = 1;        // of styles: see Styled; 1 for none
};

class Samples {
 public:
  // `forward` is the network's body in another form, if it is there.
  explicit Samples(SampleRequest request, Forward forward = {})
      : request_(std::move(request)),
        forward_(std::move(forward)),
        stream_(request_.seed),
        parts_(request_.count) {}

  // The next part, on the network's device.
  at::Tensor next(Network& network);
  int64_t count() const { return parts_.count(); }
  int64_t done() const { return parts_.done(); }
  bool is_done() const { return parts_.is_done(); }

 private:
  SampleRequest request_;
  Forward forward_;
  RandomStream stream_;
  Parts parts_;
};

// All samples of a request on the CPU, a part a call.
class Sampling {
 public:
  Sampling(std::shared_ptr<Network> network, SampleRequest request, Forward forward = {})
      : network_(std::move(network)), samples_(std::move(request), std::move(forward)) {}
  std::optional<at::Tensor> operator()();  // after the last part

 private:
  std::shared_ptr<Network> network_;
  Samples samples_;
  at::Tensor all_;
};

}  // namespace sparring
