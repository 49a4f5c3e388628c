#include "core/nn/families.h"

namespace sparring {
namespace {

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

ModulePtr build_minibatch_std_dev(const Layer& layer, const FirstWeights&) {
  return std::make_shared<MinibatchStdDev>(layer.options.integer("groupSize"));
}

}  // namespace sparring
