// A generator's samples, a part at a time: as many as anyone asks for fit in memory, and a step
// gets its turn in between. All of them are of the generator as it was when the first part was
// drawn.
#pragma once

#include <memory>
#include <optional>

#include "core/nn/latent.h"
#include "core/nn/network.h"

namespace sparring {

// Samples of a part. Others than 256 would give other bytes: batches round differently. Where a
// sample depends on the others of its batch there is one part.
constexpr int64_t kSampleBatch = 256;

// What one wants to see: noise, labels and codes that are chosen, for all the samples, or drawn.
struct SampleRequest {
  Latent latent;
  int64_t count;
  uint64_t seed;
  at::Tensor labels, codes, noise;
};

class Samples {
 public:
  explicit Samples(SampleRequest request) : request_(std::move(request)), stream_(request_.seed) {}

  // The next part, on the network's device.
  at::Tensor next(Network& network);
  int64_t count() const { return request_.count; }
  int64_t done() const { return done_; }
  bool is_done() const { return done_ == request_.count; }

 private:
  SampleRequest request_;
  RandomStream stream_;
  NamedTensors weights_;  // of the first part; empty where it is the only one
  int64_t done_ = 0;
};

// Puts the rows of a part into those of `all` from `start` on. The first part makes `all`, of
// `count` rows at once, so that an impossible count fails at once.
void put_rows(at::Tensor& all, const at::Tensor& part, int64_t start, int64_t count);

// All samples of a request on the CPU, a part a call.
class Sampling {
 public:
  Sampling(std::shared_ptr<Network> network, SampleRequest request)
      : network_(std::move(network)), samples_(std::move(request)) {}
  std::optional<at::Tensor> operator()();  // after the last part

 private:
  std::shared_ptr<Network> network_;
  Samples samples_;
  at::Tensor all_;
};

}  // namespace sparring
