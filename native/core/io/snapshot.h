// Everything that a trainer needs to go on exactly where it is: what a checkpoint holds.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/named_tensors.h"

namespace sparring {

struct Snapshot {
  // On the CPU, copies. By player: `generator.<key>`, `discriminator.<key>`, `ema.<key>`, as in the
  // state dict; `optimizer.<player>.<state>.<key>`; `objective.<name>` of what an objective
  // carries; `random.<device type>`; `sampler.permutation`; `losses`; `ada`.
  NamedTensors tensors;
  std::map<std::string, int64_t> counts;
  // Updates done to each parameter: a parameter without a gradient is left alone, and its count
  // with it.
  std::map<std::string, std::vector<int64_t>> parameter_updates;
  uint64_t data = 0;  // fingerprint of the dataset; 0 before the first step

  const at::Tensor& tensor(const std::string& name) const;
  bool has(const std::string& name) const;
  int64_t count(const std::string& name) const;
};

// The error about something in a checkpoint's snapshot that is not what a trainer can go on from.
[[noreturn]] void refuse(const std::string& what, const std::string& name,
                         const std::string& received);

// The tensors of `all` whose names begin with the prefix, by the rest of their names.
NamedTensors part_of(const NamedTensors& all, const std::string& prefix);
// Copies on the CPU, with the prefix before their names.
void add_copies(NamedTensors& to, const std::string& prefix, const NamedTensors& from);

}  // namespace sparring
