// A step on a GPU, recorded once and then replayed as one launch. At the sizes of small networks a
// step is hundreds of kernels, each done before the CPU has launched the next one.
#pragma once

#include <map>
#include <string>

#include "core/runtime/accelerator.h"
#include "core/step/ordered_step.h"

namespace sparring {

class CapturedStep : public Step {
 public:
  CapturedStep(std::shared_ptr<const Pair> pair, std::unique_ptr<OrderedStep> step,
               Accelerator& accelerator);
  Losses run(const Source& next, Watch* watch) override;
  Explanation explain() const override;
  int64_t discriminator_updates() const override { return step_->discriminator_updates(); }
  void set_discriminator_updates(int64_t count) override {
    step_->set_discriminator_updates(count);
  }

  static constexpr const char* kOneLaunch = "the whole step as one launch of a CUDA graph";
  // Why the steps of this pair cannot be replayed; empty if they can.
  static std::string obstacle(const Pair& pair);

 private:
  // Steps that do the same work: sizes of the batches, which of them have labels, and which
  // penalties are due.
  struct Kind {
    std::vector<int64_t> sizes;
    std::vector<bool> labelled, due;
    auto operator<=>(const Kind&) const = default;
  };
  // What one step of a kind adds to the counts that live on the host.
  struct Counts {
    int64_t discriminator_updates;
    Optimizer::Counts generator, discriminator;
  };
  struct Replay {
    int64_t seen = 0;  // steps of this kind that ran as they are
    bool fits = true;  // else there was no memory to record it, and it goes on as it is
    std::vector<Batch> reals;
    std::unique_ptr<Recording> recording;
    Losses losses;
    Counts counts;
  };

  // Libraries choose their algorithms and allocate their workspaces in the first steps.
  static constexpr int64_t kWarmUp = 3;
  // Each keeps its own memory.
  static constexpr size_t kMostKinds = 6;

  std::vector<Batch> take(const Source& next) const;
  Kind kind_of(const std::vector<Batch>& reals) const;
  Losses run_plain(const std::vector<Batch>& reals, Watch* watch = nullptr);
  // False where it cannot be, and then nothing was done.
  bool try_to_record(Replay& replay, const std::vector<Batch>& reals);
  void record(Replay& replay, const std::vector<Batch>& reals);
  // Back to the device what libtorch keeps for reuse.
  void make_room();
  bool leaves_room() const;
  // All of them: those that fit are made anew.
  void drop_recordings();
  // Why some steps are not replayed, or all; empty if all are.
  std::string why_not() const;
  const at::Device& device() const { return pair_->generator->device(); }
  Counts counts() const;
  void set_counts(const Counts& counts);

  std::shared_ptr<const Pair> pair_;
  std::unique_ptr<OrderedStep> step_;
  Accelerator& accelerator_;
  std::map<Kind, Replay> replays_;
  // The most bytes that a step took which ran as it is.
  int64_t taken_ = 0;
  // Why steps are not replayed after all; empty as long as they are.
  std::string failure_;
};

}  // namespace sparring
