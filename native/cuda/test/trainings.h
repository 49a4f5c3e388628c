// Trainings on a GPU, for the tests of this folder.
#pragma once

#include "core/step/game.h"

namespace sparring::test {

inline const at::Device kGpu(at::kCUDA, 0);

// The rules of one game on the small pair.
struct Rules {
  const char* name;
  Choice objective;
  ScoreKind scores = ScoreKind::kProbability;
  std::vector<Choice> penalties = {};
  std::vector<std::string> augmentations = {};
  bool adapts = false;
  int64_t discriminator_steps = 1;
  int64_t generator_steps = 1;
  Order order = Order::kGeneratorFirst;
  bool shares_fakes = true;
  Choice schedule = {"constant", {}};
  Precision precision = Precision::kFloat32;
  bool flips = false;
  bool freezes = false;  // the first weight and bias of each network
};
std::vector<Rules> all_rules();

// The small pair by these rules, with an average where the generator has one update a step.
std::shared_ptr<Pair> pair_by(const Rules& rules);

// Noise, of the pair's size.
std::shared_ptr<const Dataset> images(int64_t count);

// Losses after every step, and the weights after the last.
struct Trajectory {
  std::vector<double> losses;
  std::vector<at::Tensor> weights;
};
// Trains with batches of 16, by replays or without.
Trajectory train(const Rules& rules, bool captured, const std::shared_ptr<const Dataset>& data,
                 int64_t steps);

}  // namespace sparring::test
