// What a recorded step does beside the recording, on the CPU: by an accelerator that only pretends
// to record. That a replay is the step it was recorded from needs a GPU (native/cuda/test).
#include "core/step/captured_step.h"

#include <set>
#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/Store.hpp>

#include "core/step/autograd_step.h"
#include "core/test/check.h"  // last: see there
#include "core/test/pairs.h"

using namespace sparring;
using namespace sparring::test;

namespace {

// Works at once instead of recording, and at a replay only counts it.
class Pretending : public Accelerator {
 public:
  int recorded = 0, replayed = 0, alive = 0, trimmed = 0;
  // What comes in between when it records.
  std::function<void()> hinder = [] {};
  int64_t free = 1000, taken = 0;  // by a step
  std::vector<at::Generator> held;

  void enter(const at::Device&) override {}
  std::unique_ptr<Recording> record(const at::Device&, const std::vector<at::Generator>& generators,
                                    const std::function<void()>& work) override {
    held = generators;
    work();
    hinder();
    recorded += 1;
    return std::make_unique<Counted>(*this);
  }
  DeviceMemory memory(const at::Device&) const override { return {free, 0, 2000}; }
  int64_t measure(const at::Device&, const std::function<void()>& work) const override {
    work();
    return taken;
  }
  int capability(const at::Device&) const override { return 0; }
  void trim(const at::Device&) override { trimmed += 1; }
  const NormKernels* norm_kernels(const at::Device&) override { return nullptr; }
  const AdamKernel* adam_kernel(const at::Device&) override { return nullptr; }
  std::string kernels_off(const at::Device&) override { return "it only pretends"; }
  const std::string& ranks_off() const override { return none_; }
  c10::intrusive_ptr<c10d::Backend> join(const c10::intrusive_ptr<c10d::Store>&, int, int,
                                         std::chrono::milliseconds) override {
    return {};
  }

 private:
  struct Counted : Recording {
    explicit Counted(Pretending& by) : by(by) { by.alive += 1; }
    ~Counted() override { by.alive -= 1; }
    void replay() override { by.replayed += 1; }
    Pretending& by;
  };

  std::string none_;
};

[[noreturn]] void run_out_of_memory() {
  TORCH_CHECK_WITH(OutOfMemoryError, false, "CUDA out of memory. Tried to allocate 2.00 GiB.");
}

// A trained pair, and what pretends to record its steps.
struct Training {
  explicit Training(std::shared_ptr<Pair> of = small_pair(7, at::kDouble)) : pair(std::move(of)) {}

  void run(int64_t steps, const Batch& batch) {
    for (int64_t i = 0; i < steps; ++i) step.run([&] { return batch; }, nullptr);
  }
  // Why not all steps are replayed.
  std::string refusal() const {
    for (const Refusal& one : step.explain().refusals) {
      if (one.rewrite == CapturedStep::kOneLaunch) return one.reason;
    }
    return "";
  }

  std::shared_ptr<Pair> pair;
  Pretending device;
  CapturedStep step{pair, std::make_unique<AutogradStep>(pair, make_fused(pair)), device};
};

Batch batch_of(int64_t rows, bool labelled = false) {
  return {at::zeros({rows, 1, 8, 8}, at::kDouble),
          labelled ? at::zeros({rows}, at::kLong) : at::Tensor()};
}

}  // namespace

TEST_CASE("a step is recorded once three like it have run") {
  Training training;
  training.run(3, batch_of(4));
  CHECK(training.device.recorded == 0);
  training.run(5, batch_of(4));
  CHECK(training.device.recorded == 1);
  CHECK(training.device.replayed == 5);
}

TEST_CASE("batches with labels and without are recorded apart, of one size or of two") {
  Training training;
  for (const bool labelled : {true, false}) training.run(5, batch_of(4, labelled));
  CHECK(training.device.recorded == 2);
  training.run(5, batch_of(3));
  CHECK(training.device.recorded == 3);
  training.run(1, batch_of(4, true));
  CHECK(training.device.recorded == 3);
}

TEST_CASE("steps with a penalty of either player and without are recorded apart") {
  const auto pair = pair_of(7, styled_generator(5), styled_discriminator(), {"hinge", {}},
                            ScoreKind::kLogit, at::kDouble);
  add_penalty(*pair, {"r1", {{"weight", 2.0}, {"every", 2.0}}});
  add_penalty(*pair, {"pathLength", {{"weight", 2.0}, {"every", 3.0}, {"decay", 0.1}}});
  pair->generator_steps = 2;
  Training training(pair);
  // Of the discriminator's update, and of the generator's two.
  std::set<std::vector<bool>> kinds;
  for (int64_t step = 0; step < 6; ++step) {
    AutogradStep at_step(pair, make_eager(pair));
    at_step.set_discriminator_updates(step);
    const int64_t update = pair->generator_optimizer->updates();
    CHECK(update == 2 * step);
    const std::vector<bool> due{step % 2 == 0, update % 3 == 0, (update + 1) % 3 == 0};
    CHECK(at_step.pattern() == due);
    kinds.insert(due);
    training.run(1, batch_of(4));
  }
  CHECK(kinds.size() == 6);
  CHECK(training.device.recorded == 0);
  training.run(18, batch_of(4));
  CHECK(training.device.recorded == 6);
}

TEST_CASE("the kind of a step tells of each update of the discriminator by itself") {
  const auto pair = pair_of(7, small_generator(5), small_discriminator(), {"hinge", {}},
                            ScoreKind::kProbability, at::kDouble);
  add_penalty(*pair, {"r1", {{"weight", 2.0}, {"every", 3.0}}});
  pair->discriminator_steps = 2;
  AutogradStep step(pair, make_eager(pair));
  for (int64_t updates = 0; updates < 6; updates += 2) {
    step.set_discriminator_updates(updates);
    CHECK(step.pattern() == std::vector<bool>{updates % 3 == 0, (updates + 1) % 3 == 0});
  }
}

TEST_CASE("what libtorch keeps goes back before a step is recorded") {
  Training training;
  training.run(3, batch_of(4));
  CHECK(training.device.trimmed == 0);
  training.device.hinder = [&] { CHECK(training.device.trimmed == 1); };
  training.run(5, batch_of(4));
  CHECK(training.device.recorded == 1);
  CHECK(training.device.trimmed == 1);
}

TEST_CASE("steps that do not fit a second time go on as they are and say so, others are replayed") {
  Training training;
  training.run(4, batch_of(4));
  training.device.hinder = run_out_of_memory;
  training.run(5, batch_of(6));
  CHECK(training.device.recorded == 1);
  CHECK(training.step.explain().kind == "replayed");
  CHECK(training.refusal() == "there was no memory left to record steps on 6 images");
  training.device.hinder = [] {};
  const int before = training.device.replayed;
  training.run(2, batch_of(6));
  CHECK(training.device.replayed == before);
  training.run(2, batch_of(4));
  CHECK(training.device.replayed == before + 2);
  CHECK(training.step.discriminator_updates() == 4 + 5 + 2 + 2);
}

TEST_CASE("where no step fits a second time none is said to be replayed") {
  Training training;
  training.device.hinder = run_out_of_memory;
  training.run(5, batch_of(4));
  CHECK(training.step.explain().kind == "rewritten");
  CHECK(training.refusal() == "there was no memory left to record steps on 4 images");
}

TEST_CASE("a recording is kept only where a step as it is has room beside it") {
  Training training;
  training.device.taken = 900;
  training.run(5, batch_of(4));
  CHECK(training.device.replayed == 0);
  CHECK(training.device.alive == 0);
  CHECK(training.refusal() == "there was no memory left to record steps on 4 images");
  training.device.taken = 0;  // what a step took once it may take again
  training.run(5, batch_of(3));
  CHECK(training.device.replayed == 0);
  training.device.free = 2000;
  training.run(5, batch_of(2));
  CHECK(training.device.replayed == 2);
  CHECK(training.step.discriminator_updates() == 15);
}

TEST_CASE("a step that runs out of memory takes the recordings with it, and the next one goes on") {
  Training training;
  Hindered& objective = hinder(*training.pair);
  training.run(5, batch_of(4));
  CHECK(training.device.alive == 1);
  objective.between = [&] {
    CHECK(training.device.alive == 1);
    run_out_of_memory();
  };
  CHECK_THROWS_AS(training.run(1, batch_of(5)), c10::OutOfMemoryError);
  CHECK(training.device.alive == 0);
  CHECK(training.device.trimmed == 2);
  objective.between = [] {};
  training.run(5, batch_of(4));
  CHECK(training.device.alive == 1);
}

TEST_CASE("what cannot be recorded ends recording for all steps, and its reason is a sentence") {
  Training training;
  training.run(4, batch_of(4));
  training.device.hinder = [] { TORCH_CHECK(false, "a library refused"); };
  training.run(5, batch_of(6));
  CHECK(training.device.alive == 0);
  CHECK(training.step.explain().kind == "rewritten");
  CHECK(training.refusal() == "a library refused");
  training.device.hinder = [] {};
  training.run(5, batch_of(4));
  CHECK(training.device.recorded == 1);
}

TEST_CASE(
    "after a recording that failed the pair draws the same numbers, by a generator of its own") {
  std::vector<at::Tensor> noise;
  for (const bool disturbed : {false, true}) {
    Training training;
    training.run(3, batch_of(4));
    training.device.hinder = [] { TORCH_CHECK(false, "a library refused"); };
    training.run(1, batch_of(4));
    if (disturbed) at::randn({8}, training.device.held[0]);
    noise.push_back(at::randn({8}, training.pair->stream->cpu()));
  }
  CHECK(at::equal(noise[0], noise[1]));
}
