// Recordings beside others, and what comes in between: memory, errors, numbers that are none.
#include <future>
#include <utility>

#include "core/runtime/accelerator.h"
#include "core/runtime/available.h"
#include "core/step/trainer.h"
#include "core/test/check.h"  // last: see there
#include "core/test/pairs.h"
#include "cuda/test/trainings.h"

using namespace sparring;
using namespace sparring::test;

namespace {

// A trainer that has its data.
std::unique_ptr<Trainer> trainer_of(const std::shared_ptr<Pair>& pair,
                                    const std::shared_ptr<const Dataset>& data) {
  auto trainer = std::make_unique<Trainer>(pair, make_fused_step(pair));
  trainer->use(data, 16);
  return trainer;
}

bool is_near(double loss, double expected) {
  return std::abs(loss - expected) < 1e-3 * (1 + std::abs(expected));
}

}  // namespace

TEST_CASE("replays are what they were after another trainer and its recordings are gone") {
  const auto data = images(16);
  const Trajectory plain = train(all_rules()[0], false, data, 20);
  auto first = trainer_of(pair_by(all_rules()[1]), data);
  auto second = trainer_of(pair_by(all_rules()[0]), data);
  for (int i = 0; i < 5; ++i) first->step();
  std::vector<at::Tensor> others;
  for (size_t i = 0; i < plain.losses.size(); i += 2) {
    CAPTURE(i);
    if (i == 12) {
      first.reset();
      accelerator()->trim(kGpu);
      // Whoever gets what was given back must not find it written to.
      for (int64_t bytes = 1 << 12; bytes <= 1 << 26; bytes *= 2) {
        others.push_back(at::zeros({bytes}, at::TensorOptions(kGpu).dtype(at::kByte)));
      }
    }
    second->step();
    CHECK(is_near(second->report().generator_loss, plain.losses[i]));
  }
  CHECK(second->explain().kind == "replayed");
  for (const at::Tensor& other : others) CHECK(other.count_nonzero().item<int64_t>() == 0);
}

TEST_CASE("a trainer that has recorded goes back to a snapshot, and its replays do with it") {
  const auto data = images(16);
  const auto trainer = trainer_of(pair_by(all_rules()[0]), data);
  for (int i = 0; i < 6; ++i) trainer->step();
  const Snapshot taken = trainer->snapshot();
  std::vector<double> losses;
  for (int i = 0; i < 5; ++i) {
    trainer->step();
    losses.push_back(trainer->report().generator_loss);
  }
  trainer->restore(taken);
  trainer->use(data, 16);
  for (const double loss : losses) {
    trainer->step();
    CHECK(is_near(trainer->report().generator_loss, loss));
  }
  CHECK(trainer->explain().kind == "replayed");
}

TEST_CASE("threads train side by side, each on a stream and by recordings of its own") {
  const auto data = images(70);
  const Trajectory plain = train(all_rules()[0], false, data, 20);
  std::vector<std::future<Trajectory>> others;
  for (int i = 0; i < 4; ++i) {
    others.push_back(std::async(std::launch::async, [&data] {
      // What is recorded, replayed and forgotten by one is no other's business.
      train(all_rules()[1], true, data, 6);
      return train(all_rules()[0], true, data, 20);
    }));
  }
  for (auto& other : others) {
    const Trajectory replayed = other.get();
    for (size_t i = 0; i < plain.losses.size(); ++i) {
      CHECK(is_near(replayed.losses[i], plain.losses[i]));
    }
  }
}

TEST_CASE("what libtorch keeps for reuse is available: a second run is not refused for the first") {
  const int64_t before = available_memory(kGpu);
  const int64_t bytes = before / 2;
  at::empty({bytes}, at::TensorOptions(kGpu).dtype(at::kByte));
  const DeviceMemory memory = accelerator()->memory(kGpu);
  CHECK(memory.spare >= bytes);
  CHECK(memory.free < before - bytes / 2);
  // Others may have a GPU too, and libtorch rounds.
  CHECK(available_memory(kGpu) > before - bytes / 8);
  accelerator()->trim(kGpu);
  CHECK(accelerator()->memory(kGpu).free > before - bytes / 8);
}

TEST_CASE("a step without memory for its recording goes on as it is, others are recorded") {
  const auto pair = pair_by(all_rules()[0]);
  Hindered& objective = hinder(*pair);
  Trainer trainer(pair, make_fused_step(pair));
  trainer.use(images(16), 16);
  for (int i = 0; i < 3; ++i) trainer.step();
  const int64_t all = accelerator()->memory(kGpu).total;
  bool once = true;
  objective.between = [&] {
    if (std::exchange(once, false)) at::empty({2 * all}, at::TensorOptions(kGpu).dtype(at::kByte));
  };
  for (int i = 0; i < 5; ++i) trainer.step();
  CHECK(std::isfinite(trainer.report().generator_loss));
  CHECK(trainer.explain().kind == "rewritten");
  trainer.use(images(8), 8);
  for (int i = 0; i < 6; ++i) trainer.step();
  CHECK(std::isfinite(trainer.report().generator_loss));
  CHECK(trainer.explain().kind == "replayed");
}

// To read a number is what no recording can do.
TEST_CASE("after a recording that CUDA broke off training goes on as if nobody had tried") {
  const auto data = images(70);
  const Trajectory plain = train(all_rules()[0], false, data, 12);
  const auto pair = pair_by(all_rules()[0]);
  Hindered& objective = hinder(*pair);
  Trainer trainer(pair, make_fused_step(pair));
  trainer.use(data, 16);
  int steps = 0;
  const at::Tensor number = at::ones({}, at::TensorOptions(kGpu));
  objective.between = [&] {
    if (++steps == 4) number.item<float>();
  };
  for (size_t i = 0; i < plain.losses.size(); i += 2) {
    CAPTURE(i);
    trainer.step();
    CHECK(is_near(trainer.report().generator_loss, plain.losses[i]));
  }
  CHECK(trainer.explain().kind == "rewritten");
}

TEST_CASE("a recording that CUDA broke off is no other trainer's business, and memory goes back") {
  const auto data = images(16);
  const Trajectory plain = train(all_rules()[0], false, data, 20);
  const auto other = trainer_of(pair_by(all_rules()[0]), data);
  for (size_t i = 0; i < plain.losses.size(); i += 2) {
    CAPTURE(i);
    if (i == 12) {
      const auto pair = pair_by(all_rules()[0]);
      const at::Tensor number = at::ones({}, at::TensorOptions(kGpu));
      hinder(*pair).between = [number] { number.item<float>(); };
      const auto broken = trainer_of(pair, data);
      for (int step = 0; step < 5; ++step) broken->step();
      CHECK(broken->explain().kind == "rewritten");
      CHECK_NOTHROW(accelerator()->trim(kGpu));
    }
    other->step();
    CHECK(is_near(other->report().generator_loss, plain.losses[i]));
  }
  CHECK(other->explain().kind == "replayed");
}

TEST_CASE("scores of NaN are a loss of NaN, after which the GPU works on") {
  for (const bool replayed : {false, true}) {
    const auto pair = pair_by(all_rules()[0]);
    Trainer trainer(pair, make_fused_step(pair));
    trainer.use(images(16), 16);
    for (int i = 0; i < (replayed ? 5 : 1); ++i) trainer.step();
    for (const at::Tensor& one : pair->discriminator->parameters()) one.detach().fill_(NAN);
    trainer.step();
    CHECK(std::isnan(trainer.report().generator_loss));
    CHECK(at::ones({4}, at::TensorOptions(kGpu)).sum().item<float>() == 4);
  }
}

TEST_CASE("out of memory is an error, and a smaller batch trains afterwards") {
  const auto pair = pair_by(all_rules()[0]);
  Trainer trainer(pair, make_fused_step(pair));
  const int64_t free = accelerator()->memory(kGpu).free;
  CHECK_THROWS(at::empty({2 * free}, at::TensorOptions(kGpu).dtype(at::kByte)));
  accelerator()->trim(kGpu);
  trainer.use(images(64), 16);
  for (int i = 0; i < 6; ++i) trainer.step();
  CHECK(std::isfinite(trainer.report().generator_loss));
}
