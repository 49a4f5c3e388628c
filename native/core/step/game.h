// The two players, what they play for and by which rules: all that a step needs.
#pragma once

#include <memory>
#include <vector>

#include "core/data/augment.h"
#include "core/data/dataset.h"
#include "core/distributed/sharing.h"
#include "core/nn/latent.h"
#include "core/nn/network.h"
#include "core/objectives/auxiliaries/auxiliary.h"
#include "core/objectives/objective.h"
#include "core/objectives/penalties/path_length.h"
#include "core/objectives/penalties/penalty.h"
#include "core/optim/average.h"
#include "core/optim/optimizer.h"
#include "core/runtime/precision.h"
#include "core/step/ada.h"

namespace sparring {

// Who moves first in a step.
enum class Order {
  kGeneratorFirst,      // the article's script
  kDiscriminatorFirst,  // Algorithm 1 of Goodfellow et al. 2014
};

struct Pair {
  std::shared_ptr<Network> generator, discriminator;
  std::unique_ptr<Optimizer> generator_optimizer, discriminator_optimizer;
  std::unique_ptr<Objective> objective;
  std::vector<std::unique_ptr<Penalty>> penalties;  // of the discriminator's loss
  std::unique_ptr<PathLength> path_length;          // of the generator's; null: none
  std::vector<std::unique_ptr<Auxiliary>> auxiliaries;
  std::vector<Augmentation> augmentations;
  std::unique_ptr<Ada> ada;          // null: none; after the augmentations
  std::unique_ptr<Average> average;  // null: none is kept
  Latent latent;
  Heads heads;
  bool conditional = false;  // the discriminator takes labels
  Range range;               // of reals, and so of fakes
  Order order = Order::kGeneratorFirst;
  // The generator's update, and the discriminator's beside it, are on the same fakes. Else, and
  // where there are more, each update has fresh ones.
  bool shares_fakes = true;
  Precision precision = Precision::kFloat32;
  int64_t discriminator_steps = 1;  // k of Algorithm 1
  int64_t generator_steps = 1;      // updates of the generator in a step, from one batch
  int64_t accumulate = 1;           // parts in which a batch is worked on, one after the other
  int64_t fewest_rows = 1;          // that a part, or a rank by itself, trains on
  std::shared_ptr<RandomStream> stream;
  std::shared_ptr<Sharing> sharing;  // null: nobody else trains it

  // What the discriminator sees is changed at random.
  bool augments() const { return ada != nullptr || !augmentations.empty(); }
  // Who normalises the present batch with this rank; null: nobody does.
  TogetherPtr together() const { return sharing ? sharing->together() : TogetherPtr(); }
};

}  // namespace sparring
