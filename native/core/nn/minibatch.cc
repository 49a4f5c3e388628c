#include "core/nn/minibatch.h"

#include "core/nn/families.h"

namespace sparring {
namespace {

// Numbers of the differences that are there at once where no graph keeps them: 64 MiB.
constexpr int64_t kMostDifferences = 1 << 24;

// The distances of all samples to those from `first` on: [N, N, out], or fewer columns.
at::Tensor distances_to(const at::Tensor& rows, int64_t first, int64_t count) {
  const at::Tensor differences = rows.narrow(0, first, count).unsqueeze(0) - rows.unsqueeze(1);
  return differences.abs().sum({3});
}

// Karras et al. 2018: one more channel that says how much the samples of a group differ, so that a
// discriminator sees a generator that makes one image only.
class MinibatchStdDev : public Module {
 public:
  explicit MinibatchStdDev(int64_t group_size) : group_size_(group_size) {}

  // [N, C, H, W] -> [N, C + 1, H, W]
  at::Tensor forward(const at::Tensor& input, const Context&) override {
    const int64_t group = group_of(input.size(0)), groups = input.size(0) / group;
    const at::Tensor grouped =
        input.reshape({group, groups, input.size(1), input.size(2), input.size(3)});
    const at::Tensor centred = grouped - grouped.mean({0});
    const at::Tensor deviation = (centred.square().mean({0}) + 1e-8).sqrt();
    const at::Tensor mean = deviation.mean({1, 2, 3}, /*keepdim=*/true);
    return at::cat({input, mean.repeat({group, 1, input.size(2), input.size(3)})}, 1);
  }

  bool needs_own_pass() const override { return true; }
  bool mixes_samples() const override { return true; }

 private:
  // The last batch of an epoch need not be a multiple of the group.
  int64_t group_of(int64_t batch) const {
    int64_t group = std::min(group_size_, batch);
    while (batch % group != 0) --group;
    return group;
  }

  int64_t group_size_;
};

}  // namespace

MinibatchDiscrimination::MinibatchDiscrimination(const Layer& layer, RandomStream& stream) {
  const Options& of = layer.options;
  const at::Tensor drawn =
      at::empty({of.integer("inFeatures"), of.integer("outFeatures"), of.integer("kernelDims")});
  t_ = register_parameter("T", drawn);
  const at::NoGradGuard no_grad;
  t_.normal_(0, 1, stream.cpu());
}

at::Tensor MinibatchDiscrimination::rows_of(const at::Tensor& input) const {
  return input.mm(t_.flatten(1)).view({-1, t_.size(1), t_.size(2)});
}

at::Tensor MinibatchDiscrimination::forward(const at::Tensor& input, const Context&) {
  return at::cat({input, closeness_of(rows_of(input))}, 1);
}

// A batch at once where a graph is recorded, as PyTorch's modules do it; else some samples after
// the others, so that ten thousand of them can be scored.
at::Tensor MinibatchDiscrimination::closeness_of(const at::Tensor& rows) const {
  const int64_t batch = rows.size(0);
  if (at::GradMode::is_enabled()) return closeness(distances_to(rows, 0, batch));
  const int64_t most = std::max<int64_t>(1, kMostDifferences / rows.numel());
  std::vector<at::Tensor> parts;
  for (int64_t first = 0; first < batch; first += most) {
    parts.push_back(closeness(distances_to(rows, first, std::min(most, batch - first))));
  }
  return at::cat(parts, 0);
}

at::Tensor closeness(const at::Tensor& distances) { return distances.neg().exp().sum({0}) - 1; }

ModulePtr build_minibatch_discrimination(const Layer& layer, const FirstWeights& from) {
  return std::make_shared<MinibatchDiscrimination>(layer, from.stream);
}

ModulePtr build_minibatch_std_dev(const Layer& layer, const FirstWeights&) {
  return std::make_shared<MinibatchStdDev>(layer.options.integer("groupSize"));
}

}  // namespace sparring
