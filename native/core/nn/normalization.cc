#include "core/nn/families.h"

namespace sparring {
namespace {

// Ioffe and Szegedy 2015. One module for [N, C] and [N, C, H, W], as the arithmetic is the same.
class BatchNorm : public Module {
 public:
  explicit BatchNorm(const Layer& layer)
      : eps_(layer.number("eps")), momentum_(layer.number("momentum")) {
    const int64_t features = layer.integer("numFeatures");
    weight_ = register_parameter("weight", at::ones({features}));
    bias_ = register_parameter("bias", at::zeros({features}));
    mean_ = register_buffer("running_mean", at::zeros({features}));
    variance_ = register_buffer("running_var", at::ones({features}));
    batches_ = register_buffer("num_batches_tracked", at::zeros({}, at::kLong));
  }
  at::Tensor forward(const at::Tensor& input) override {
    if (is_training()) batches_.add_(1);
    return at::batch_norm(input, weight_, bias_, mean_, variance_, is_training(), momentum_, eps_,
                          /*cudnn_enabled=*/true);
  }
  bool couples_samples() const override { return true; }

 private:
  double eps_, momentum_;
  at::Tensor weight_, bias_, mean_, variance_, batches_;
};

}  // namespace

ModulePtr build_batch_norm(const Layer& layer, RandomStream&) {
  return std::make_shared<BatchNorm>(layer);
}

}  // namespace sparring
