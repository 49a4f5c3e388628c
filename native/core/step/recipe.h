// What a trainer is built from, as plain values.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/step/game.h"
#include "core/step/trainer.h"

namespace sparring {

struct Recipe {
  OptimizerChoice generator_optimizer, discriminator_optimizer;
  // The keys of weights that stay as they are.
  std::vector<std::string> frozen_in_generator, frozen_in_discriminator;
  Choice objective;
  ScoreKind scores = ScoreKind::kLogit;
  std::vector<Choice> penalties, auxiliaries;
  std::optional<Options> path_length;
  std::vector<std::string> augmentations;
  std::optional<AdaOptions> ada;
  AverageOptions average;
  Latent latent;
  Heads heads;
  Range range;
  bool conditional = false, generator_first = true, shares_fakes = true, fused = true;
  Precision precision = Precision::kFloat32;
  int64_t discriminator_steps = 1;
  int64_t generator_steps = 1;
  int64_t accumulate = 1;
  int64_t fewest_rows = 1;  // that a part, or a rank by itself, trains on
  bool sync_batch_norm = false;
  bool reduces_in_bfloat16 = false;  // what ranks sum of their gradients
};

struct Players {
  std::shared_ptr<Network> generator, discriminator;
  std::shared_ptr<Network> average;  // null: none is kept
  // The trainer draws from a fork of it: others that go on with this stream do not disturb it, nor
  // it them.
  std::shared_ptr<const RandomStream> stream;
  std::shared_ptr<Group> group;  // who trains them together; null: nobody else does
};

// Throws ERR_NATIVE for a name that has no file.
std::unique_ptr<Trainer> build_trainer(const Recipe& recipe, const Players& players);

}  // namespace sparring
