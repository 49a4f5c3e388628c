// Ranks that train on GPUs, over NCCL: one for each that is there, as threads of this process.
#include "core/test/ranks.h"

#include <mutex>

#include "core/distributed/sharing.h"
#include "core/runtime/accelerator.h"
#include "core/runtime/cuda.h"
#include "core/step/trainer.h"
#include "core/test/check.h"  // last: see there
#include "core/test/pairs.h"

using namespace sparring;
using namespace sparring::test;

namespace {

at::Device gpu(int64_t index) { return {at::kCUDA, static_cast<at::DeviceIndex>(index)}; }

// Layers that keep samples apart: with them n ranks are one.
std::vector<Layer> generator_layers() {
  return {linear("0", 5, 24), layer("leakyRelu", "1", {{"negativeSlope", 0.2}}),
          linear("2", 24, 64), layer("tanh", "3"),
          layer("unflatten", "4", {{"shape", Shape{1, 8, 8}}})};
}

std::vector<Layer> discriminator_layers() {
  return {layer("flatten", "0"), linear("1", 64, 16),
          layer("leakyRelu", "2", {{"negativeSlope", 0.2}}), linear("3", 16, 1)};
}

// The weights after 50 steps on batches of 8.
at::Tensor train(const std::shared_ptr<Group>& group, const at::Device& device,
                 bool rounds = false) {
  enter_device(device);
  auto pair = pair_of(3, generator_layers(), discriminator_layers(),
                      {"nonSaturating", {{"labelSmoothing", 0.0}, {"discriminatorLoss", "mean"}}},
                      ScoreKind::kLogit, at::kFloat, device);
  pair->penalties.push_back(make_penalty({"r1", {{"weight", 2.0}, {"every", 2.0}}}));
  pair->generator_optimizer = make_optimizer(descent(0.02, 0.9), pair->generator->parameters());
  pair->discriminator_optimizer =
      make_optimizer(descent(0.02, 0.9), pair->discriminator->parameters());
  if (group) {
    pair->sharing = std::make_shared<Sharing>(group, 1, /*normalizes_together=*/false, rounds);
  }
  RandomStream stream(8);
  const auto images = std::make_shared<Dataset>(
      at::randint(256, {22, 1, 8, 8}, stream.cpu(), at::TensorOptions(at::kByte)), device);
  Trainer trainer(pair, make_fused_step(pair));
  trainer.use(images, 8);
  for (int i = 0; i < 50; ++i) {
    if (group) {
      CHECK_FALSE(trainer.step_and_ask(/*wants_stop=*/false, /*watched=*/false));
    } else {
      trainer.step();
    }
  }
  if (group) trainer.check_equal();
  std::vector<at::Tensor> all;
  for (const Network* network : {pair->generator.get(), pair->discriminator.get()}) {
    for (const at::Tensor& one : network->parameters()) all.push_back(one.detach().flatten().cpu());
  }
  return at::cat(all);
}

}  // namespace

TEST_CASE("ranks on GPUs, one each, train as one does") {
  load_cuda();
  REQUIRE(accelerator() != nullptr);
  const std::string off = accelerator()->ranks_off();
  CAPTURE(off);
  REQUIRE(off.empty());
  const at::Tensor alone = train(nullptr, gpu(0));
  for (const int64_t ranks : {int64_t{1}, cuda_device_count()}) {
    for (const bool rounds : {false, true}) {
      std::mutex mutex;
      std::vector<at::Tensor> weights;
      const auto errors = as_ranks(
          ranks,
          [&](const std::shared_ptr<Group>& group) {
            const at::Tensor own = train(group, gpu(group->rank()), rounds);
            const std::lock_guard lock(mutex);
            weights.push_back(own);
          },
          std::chrono::seconds(60));
      CHECK(errors == std::vector<std::string>(static_cast<size_t>(ranks)));
      for (const at::Tensor& one : weights) {
        CHECK(at::equal(one, weights[0]));
        // Sums in bfloat16, where there is more than one rank, are others from the third digit on.
        CHECK(distance(one, alone) < (rounds && ranks > 1 ? 5e-2 : 1e-3));
      }
    }
  }
}

TEST_CASE("a rank that does not come to a GPU's first message is named") {
  REQUIRE(cuda_device_count() > 0);
  const auto errors = as_ranks(
      2,
      [](const std::shared_ptr<Group>& group) {
        if (group->rank() == 1) return;
        group->sum(at::ones({8}, at::TensorOptions(gpu(0))));
        group->settle();
      },
      std::chrono::seconds(5));
  CHECK(errors[0].find("rank 1") != std::string::npos);
  CHECK(errors[1].empty());
}
