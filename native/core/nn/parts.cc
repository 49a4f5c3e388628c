#include "core/nn/parts.h"

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
  ~Earlier() {
    try {
      network_.load(present_);
    } catch (const std::exception&) {
      // On a GPU that failed nothing can be copied: an error is on its way, or comes with the next
      // thing that is asked for.
    }
  }
  Earlier(const Earlier&) = delete;
  Earlier& operator=(const Earlier&) = delete;

 private:
  Network& network_;
  NamedTensors present_;
};

}  // namespace

at::Tensor Parts::next(Network& network, const std::function<at::Tensor(int64_t, int64_t)>& pass) {
  const int64_t most = network.mixes_samples() ? count_ : kSampleBatch;
  const int64_t start = done_, size = std::min(most, count_ - done_);
  std::optional<Earlier> earlier;
  if (start > 0) {
    earlier.emplace(network, weights_);
  } else if (size < count_) {
    weights_ = copies_of(network.state());
  }
  done_ += size;
  return pass(start, size);
}

void put_rows(at::Tensor& all, const at::Tensor& part, int64_t start, int64_t count) {
  if (start == 0) {
    Shape shape = part.sizes().vec();
    shape[0] = count;
    all = at::empty(shape, part.options());
  }
  all.narrow(0, start, part.size(0)).copy_(part);
}

std::optional<at::Tensor> Forwarding::operator()() {
  const int64_t start = parts_.done();
  Network& network = *network_;
  const at::Tensor part = parts_.next(network, [&](int64_t first, int64_t size) {
    const at::Tensor values =
        input_.narrow(0, first, size).to(network.device(), network.precision());
    const at::Tensor labels = labels_.defined()
                                  ? labels_.narrow(0, first, size).to(network.device(), at::kLong)
                                  : labels_;
    const at::Tensor made = network.evaluate(values, labels, forward_, truncation_psi_);
    return averages_ ? made.flatten(1).mean(1) : made;
  });
  put_rows(all_, part.cpu(), start, parts_.count());
  return parts_.is_done() ? std::make_optional(all_) : std::nullopt;
}

}  // namespace sparring
