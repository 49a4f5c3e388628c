// A step that runs out of memory, wherever that is.
#include "core/test/scarce_memory.h"

#include <algorithm>

#include "core/optim/average.h"
#include "core/step/trainer.h"
#include "core/test/check.h"  // last: see there
#include "core/test/pairs.h"

using namespace sparring;
using namespace sparring::test;

namespace {

constexpr uint64_t kSeed = 3;

Layer leaky(const std::string& name) { return layer("leakyRelu", name, {{"negativeSlope", 0.2}}); }

Layer norm(const std::string& name, double features) {
  Layer made = batch_norm(name, features, 0.8);
  made.type = "batchNorm1d";
  return made;
}

std::vector<Layer> dense_generator() {
  return {linear("0", 5, 24), norm("1", 24),
          leaky("2"),         linear("3", 24, 64),
          layer("tanh", "4"), layer("unflatten", "5", {{"shape", Shape{1, 8, 8}}})};
}

std::vector<Layer> dense_discriminator(bool normalizes) {
  std::vector<Layer> layers{layer("flatten", "0"), linear("1", 64, 24), leaky("2"),
                            linear("3", 24, 24)};
  if (normalizes) layers.push_back(norm("4", 24));
  layers.push_back(leaky("5"));
  layers.push_back(linear("6", 24, 1));
  return layers;
}

std::shared_ptr<Pair> dense_pair(bool normalizes) {
  return pair_of(kSeed, dense_generator(), dense_discriminator(normalizes),
                 {"nonSaturating", {{"labelSmoothing", 0.0}, {"discriminatorLoss", "mean"}}},
                 ScoreKind::kLogit, at::kFloat);
}

std::shared_ptr<Pair> penalized_pair() {
  const auto pair = dense_pair(/*normalizes=*/false);
  for (const char* name : {"wganGp", "r1"}) {
    pair->penalties.push_back(make_penalty({name, {{"weight", 10.0}, {"every", 1.0}}}));
  }
  return pair;
}

std::shared_ptr<Pair> averaged_pair() {
  const auto pair = small_pair(kSeed, at::kFloat);
  RandomStream unused(0);
  const auto target = std::make_shared<Network>(small_generator(5), at::kCPU, at::kFloat, unused);
  pair->average = std::make_unique<Average>(target, AverageOptions{});
  pair->generator_optimizer->lead(pair->average->follows());
  return pair;
}

std::shared_ptr<Pair> divided_pair() {
  const auto pair = small_pair(kSeed, at::kFloat);
  pair->accumulate = 2;
  pair->fewest_rows = 2;
  return pair;
}

std::shared_ptr<Dataset> images() {
  RandomStream stream(1);
  return std::make_shared<Dataset>(
      at::randint(256, {12, 1, 8, 8}, stream.cpu(), at::TensorOptions(at::kByte)), at::kCPU);
}

bool is_finite(const Trainer& trainer) {
  for (const auto& [name, tensor] : trainer.snapshot().tensors) {
    if (tensor.is_floating_point() && !tensor.isfinite().all().item<bool>()) return false;
  }
  return true;
}

// Each parameter had each update.
bool is_whole(const Optimizer& optimizer) {
  const Optimizer::Counts counts = optimizer.counts();
  return std::all_of(counts.of_parameters.begin(), counts.of_parameters.end(),
                     [&](int64_t one) { return one == counts.updates; });
}

struct Kind {
  std::string name;
  std::shared_ptr<Pair> pair;
  bool is_fused;
  int64_t each;   // tensors between two that are refused
  int64_t least;  // tensors of a step, on a processor whose products by the BLAS ask for none
};

// Refuses one of the tensors of a step; false where the step asks for fewer.
bool refuse_one(Trainer& trainer, int64_t place) {
  ScarceMemory memory;
  memory.refuse_after(place);
  try {
    trainer.step();
  } catch (const std::exception&) {
    CHECK(memory.has_refused());
  }
  return memory.has_refused();
}

}  // namespace

TEST_CASE("a trainer whose step runs out of memory goes on, wherever that was") {
  const Kind kinds[] = {{"dense", dense_pair(/*normalizes=*/true), true, 1, 20},
                        {"with penalties", penalized_pair(), true, 1, 15},
                        {"with an average", averaged_pair(), true, 2, 20},
                        {"in parts", divided_pair(), true, 29, 20},
                        {"eager", penalized_pair(), false, 29, 20}};
  for (const auto& [name, pair, is_fused, each, least] : kinds) {
    CAPTURE(name);
    Trainer trainer(pair, is_fused ? make_fused_step(pair) : make_eager_step(pair));
    trainer.use(images(), 6);
    trainer.step();
    int64_t place = 0;
    for (; refuse_one(trainer, place); place += each) {
      CAPTURE(place);
      // PyTorch's updates are one parameter after the other.
      if (is_fused) CHECK(is_whole(*pair->generator_optimizer));
      if (is_fused) CHECK(is_whole(*pair->discriminator_optimizer));
      CHECK_NOTHROW(trainer.step());
    }
    CHECK(place > least);
    CHECK(is_finite(trainer));
  }
}
