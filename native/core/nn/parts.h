// Rows through a network, a part at a time: as many as anyone asks for fit in memory, and a step
// gets its turn in between.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "core/nn/network.h"

namespace sparring {

// Rows of a part. Others than 256 would give other bytes: batches round differently. Where a row
// depends on the others of its batch there is one part.
constexpr int64_t kSampleBatch = 256;

// All parts are of the network as it was when the first was asked for.
class Parts {
 public:
  explicit Parts(int64_t count) : count_(count) {}

  // The next part: `pass(start, size)`, while the network has the weights of the first.
  at::Tensor next(Network& network, const std::function<at::Tensor(int64_t, int64_t)>& pass);
  int64_t count() const { return count_; }
  int64_t done() const { return done_; }
  bool is_done() const { return done_ == count_; }

 private:
  int64_t count_, done_ = 0;
  NamedTensors weights_;  // of the first part; empty where it is the only one
};

// Puts the rows of a part into those of `all` from `start` on. The first part makes `all`, of
// `count` rows at once, so that an impossible count fails at once.
void put_rows(at::Tensor& all, const at::Tensor& part, int64_t start, int64_t count);

// What a network makes of an input, on the CPU, a part a call. `labels`: of any type of whole
// numbers, or undefined; `forward` is the network's body in another form, if it is there.
// `averages`: only the mean of what it makes of each row, [N]. `truncation_psi`: see Styled.
class Forwarding {
 public:
  Forwarding(std::shared_ptr<Network> network, at::Tensor input, at::Tensor labels,
             Forward forward = {}, bool averages = false, double truncation_psi = 1)
      : network_(std::move(network)),
        input_(std::move(input)),
        labels_(std::move(labels)),
        forward_(std::move(forward)),
        averages_(averages),
        truncation_psi_(truncation_psi),
        parts_(input_.size(0)) {}
  std::optional<at::Tensor> operator()();  // after the last part

 private:
  std::shared_ptr<Network> network_;
  at::Tensor input_, labels_;
  Forward forward_;
  bool averages_;
  double truncation_psi_;
  Parts parts_;
  at::Tensor all_;
};

}  // namespace sparring
