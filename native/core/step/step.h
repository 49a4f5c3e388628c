// One adversarial step: k updates of the discriminator, one of the generator, then the average. It
// knows the order of things and no formula.
#pragma once

#include <functional>
#include <memory>

#include "core/data/dataset.h"
#include "core/step/execution.h"

namespace sparring {

// 0-dim tensors on the device: reading them is left to the tick.
struct Losses {
  at::Tensor generator, discriminator;  // the discriminator's is the mean over its k updates
};

class Step {
 public:
  // Gives the next batch of reals.
  using Source = std::function<Batch()>;

  Step(std::shared_ptr<const Pair> pair, std::unique_ptr<Execution> execution);
  Losses run(const Source& next);

 private:
  // Samples of the generator and what they were made from.
  struct Fakes {
    at::Tensor images;
    LatentBatch latent;
  };

  Losses run_generator_first(const Source& next);
  Losses run_discriminator_first(const Source& next);
  // With a graph to the generator's weights, or without one.
  Fakes generate(int64_t count, bool graph);
  at::Tensor update_generator(const Fakes& fakes, const Batch& reals);
  at::Tensor update_discriminator(const Batch& reals, const Fakes& fakes);
  // Both answers, of reals first.
  std::pair<Answer, Answer> answer_both(const at::Tensor& reals, const at::Tensor& real_labels,
                                        const at::Tensor& fakes, const at::Tensor& fake_labels);
  Answer answer(const at::Tensor& images, const at::Tensor& labels);
  Context context(const at::Tensor& labels) const;
  void clip_weights() const;

  std::shared_ptr<const Pair> pair_;
  std::unique_ptr<Execution> execution_;
  int64_t discriminator_updates_ = 0;
};

}  // namespace sparring
