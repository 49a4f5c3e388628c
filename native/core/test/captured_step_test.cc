// What a recorded step does beside the recording, on the CPU: by an accelerator that only pretends
// to record. That a replay is the step it was recorded from needs a GPU (native/cuda/test).
#include "core/step/captured_step.h"

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
  int recorded = 0, replayed = 0;

  void enter(const at::Device&) override {}
  std::unique_ptr<Recording> record(const at::Device&, const std::vector<at::Generator>&,
                                    const std::function<void()>& work) override {
    work();
    recorded += 1;
    return std::make_unique<Counted>(replayed);
  }
  DeviceMemory memory(const at::Device&) const override { return {0, 0, 0}; }
  int capability(const at::Device&) const override { return 0; }
  void trim(const at::Device&) override {}
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
    explicit Counted(int& count) : count(count) {}
    void replay() override { count += 1; }
    int& count;
  };

  std::string none_;
};

// A trained pair, and what pretends to record its steps.
struct Training {
  explicit Training(std::shared_ptr<Pair> of = small_pair(7, at::kDouble)) : pair(std::move(of)) {}

  void run(int64_t steps, const Batch& batch) {
    for (int64_t i = 0; i < steps; ++i) step.run([&] { return batch; }, nullptr);
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
