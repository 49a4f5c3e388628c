// The training of a classifier, by cross-entropy: what the feature network of MNIST was made with.
#pragma once

#include <optional>

#include "core/data/dataset.h"
#include "core/data/sampler.h"
#include "core/nn/network.h"
#include "core/optim/optimizer.h"

namespace sparring {

struct ClassifierRecipe {
  OptimizerChoice optimizer;
  int64_t batch_size, steps;
  int64_t shift;  // images are moved by up to so many pixels, each by its own draw
  uint64_t seed;
};

// A step a call. The network's last layer makes logits of the dataset's labels.
class ClassifierTraining {
 public:
  ClassifierTraining(std::shared_ptr<Network> network, std::shared_ptr<const Dataset> dataset,
                     const ClassifierRecipe& recipe);
  std::optional<double> operator()();  // the loss of the last step, after it

 private:
  at::Tensor shifted(const at::Tensor& images);

  std::shared_ptr<Network> network_;
  std::shared_ptr<const Dataset> dataset_;
  ClassifierRecipe recipe_;
  std::shared_ptr<RandomStream> stream_;
  Sampler sampler_;
  std::unique_ptr<Optimizer> optimizer_;
  int64_t done_ = 0;
};

}  // namespace sparring
