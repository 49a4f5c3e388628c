// Adaptive discriminator augmentation (Karras et al. 2020, Training Generative Adversarial Networks
// with Limited Data): how often the pipeline changes what the discriminator sees goes by how sure
// it is of the reals.
#pragma once

#include <string>
#include <vector>

#include "core/data/pipeline.h"
#include "core/distributed/sharing.h"
#include "core/io/snapshot.h"

namespace sparring {

struct AdaOptions {
  std::vector<int64_t> image;           // [channels, height, width]
  std::vector<std::string> transforms;  // those of the pipeline
  double probability = 0;               // at the beginning
  bool adapts = true;                   // else it stays there
  // Where the mean sign of the scores of reals is to be, of scores counted from `middle`, which
  // says neither real nor fake.
  double target = 0.6, middle = 0;
  int64_t interval = 4;  // steps between two changes
  // Thousands of reals in which the probability goes from 0 to 1.
  double thousands = 500;
};

// Lives on the device, so that a recorded step draws by the probability of the present: nothing is
// read back but for a report or a checkpoint.
class Ada {
 public:
  Ada(AdaOptions options, const at::TensorOptions& images);

  at::Tensor augmented(const at::Tensor& images, const Rows& rows, bool rewritten) const {
    return pipeline_.applied(images, state_.select(0, kProbability), rows, rewritten);
  }
  bool has_rewrites(const at::Device& device) const { return pipeline_.has_rewrites(device); }

  // Around a step. All ranks have to end it together.
  void begin_step() { noted_.zero_(); }
  // In it: what the discriminator says of some reals of a batch, before its update. `weight`: where
  // several ranks see the same ones, the share that each of them is to count.
  void note(const at::Tensor& real_scores, double weight);
  // `images`: reals of the step, of all ranks.
  void end_step(int64_t images, const Sharing* sharing);

  double probability() const { return state_[kProbability].item<double>(); }
  // Goes on from what another one left. Throws ERR_CHECKPOINT.
  void save(Snapshot& to) const;
  void restore(const Snapshot& from);

 private:
  enum : int64_t { kProbability, kSigns, kScores, kValues };
  // What the probability is to become, of the sums since it last moved.
  at::Tensor moved() const;

  AdaOptions options_;
  AugmentationPipeline pipeline_;
  at::Tensor noted_;  // [2]: sum of signs and number of scores in this step, of this rank
  at::Tensor state_;  // [3], float64: the probability, and the sums since it last moved
  int64_t steps_ = 0, images_ = 0;  // since it last moved
};

}  // namespace sparring
