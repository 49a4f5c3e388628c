// A stream of random numbers: what `torch.manual_seed` starts, but owned instead of process-wide,
// so that two trainers, two workers or a sample in between never change each other's numbers.
#pragma once

#include <memory>

#include "core/named_tensors.h"

namespace sparring {

class RandomStream {
 public:
  explicit RandomStream(uint64_t seed);

  // The stream that draws on `device`. PyTorch keeps one a device, all started by the same seed.
  at::Generator& on(const at::Device& device);
  at::Generator& cpu() { return cpu_; }
  uint64_t seed() const { return seed_; }

  // Where each of its generators is, by the type of its device; those that never drew are left out.
  NamedTensors state() const;
  // Goes on from there; one that is missing starts from the seed. `device` is where the second one
  // draws.
  void set_state(uint64_t seed, const NamedTensors& state, const at::Device& device);

  // Goes on from here with generators of its own: whoever holds those of before draws by itself.
  void renew();

  // A stream that goes on from here by itself.
  std::shared_ptr<RandomStream> fork() const;

  // What `torch.empty((), dtype=torch.int64).random_().item()` draws: DataLoader's way to a seed.
  uint64_t draw_seed();

 private:
  uint64_t seed_;
  at::Generator cpu_;
  at::Generator device_;
};

// A seed nobody chose, for those who gave none.
uint64_t entropy();

}  // namespace sparring
