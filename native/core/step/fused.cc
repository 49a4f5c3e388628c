// The passes and updates of eager.cc by exact rewrites, equal to it to rounding, for the pairs that
// dense/ cannot plan:
// - one pass of reals and fakes together where no layer couples samples;
// - no gradients of the discriminator's weights in the generator's update, which would be thrown
//   away;
// - one look of the discriminator at fakes that both updates learn from (one_look.h);
// - ada's transforms in fewer operations, and none for samples that stay (data/warp_kernels.h);
// - the networks' own rewrites (plan.h), and the optimizer in one pass over memory.
#include "core/step/execution.h"
#include "core/step/plan.h"

namespace sparring {
namespace {

Plan::Purpose purpose_under(bool penalties) {
  return penalties ? Plan::Purpose::kPenalty : Plan::Purpose::kTraining;
}

class Fused : public Execution {
 public:
  explicit Fused(std::shared_ptr<const Pair> pair)
      : pair_(std::move(pair)),
        generator_(pair_->generator->body(), pair_->precision,
                   purpose_under(pair_->path_length != nullptr)),
        discriminator_(pair_->discriminator->body(), pair_->precision,
                       purpose_under(!pair_->penalties.empty())) {
    if (merges_passes()) discriminator_.sum_last_bias_by_halves();
  }

  at::Tensor generate(const at::Tensor& latents, const Context& context) override {
    return generator_.forward(latents, context);
  }

  at::Tensor discriminate(const at::Tensor& images, const Context& context) override {
    return discriminator_.forward(images, context);
  }

  bool merges_passes() const override { return !discriminator_.needs_own_pass(); }
  bool keeps_answers() const override { return true; }
  bool rewrites_augmentations() const override { return true; }

  std::vector<at::Tensor> gradients(const Optimizer& optimizer, const Root& root,
                                    const Ready& ready) override {
    // A player of fixed or frozen layers has nothing to learn, and autograd refuses to be asked for
    // nothing, or for what is not there.
    const size_t count = optimizer.learning().size();
    if (count == 0 || !root.value.requires_grad()) return std::vector<at::Tensor>(count);
    const Listening listening(optimizer.learning(), ready);
    return torch::autograd::grad({root.value}, optimizer.learning(), {root.gradient},
                                 /*retain_graph=*/std::nullopt, /*create_graph=*/false,
                                 /*allow_unused=*/true);
  }

  void apply(Optimizer& optimizer, std::vector<at::Tensor> gradients) override {
    optimizer.step_fused(std::move(gradients));
  }

  Explanation explain() const override {
    Explanation told{"rewritten", merges_passes(), {}, {}, {}, {}};
    if (pair_->ada && pair_->ada->has_rewrites(pair_->discriminator->device())) {
      told.rewrites.push_back({"ada", "ada's transforms, sample by sample"});
    }
    told.generator = generator_.operations();
    told.discriminator = discriminator_.operations();
    return told;
  }

 private:
  std::shared_ptr<const Pair> pair_;
  Plan generator_, discriminator_;
};

}  // namespace

std::unique_ptr<Execution> make_fused(std::shared_ptr<const Pair> pair) {
  return std::make_unique<Fused>(std::move(pair));
}

}  // namespace sparring
