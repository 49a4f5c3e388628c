#include "core/io/snapshot.h"

#include <algorithm>

#include "core/error.h"

namespace sparring {
namespace {

[[noreturn]] void missing(const std::string& name) { refuse("a value", name, "none"); }

auto find(const NamedTensors& tensors, const std::string& name) {
  return std::find_if(tensors.begin(), tensors.end(),
                      [&](const auto& entry) { return entry.first == name; });
}

}  // namespace

void refuse(const std::string& what, const std::string& name, const std::string& received) {
  throw Error("ERR_CHECKPOINT",
              "Expected " + what + " for " + name + " in the checkpoint but received " + received);
}

const at::Tensor& Snapshot::tensor(const std::string& name) const {
  const auto found = find(tensors, name);
  if (found == tensors.end()) missing(name);
  return found->second;
}

bool Snapshot::has(const std::string& name) const { return find(tensors, name) != tensors.end(); }

int64_t Snapshot::count(const std::string& name) const {
  const auto found = counts.find(name);
  if (found == counts.end()) missing(name);
  return found->second;
}

NamedTensors part_of(const NamedTensors& all, const std::string& prefix) {
  NamedTensors part;
  for (const auto& [name, tensor] : all) {
    if (name.compare(0, prefix.size(), prefix) == 0) {
      part.emplace_back(name.substr(prefix.size()), tensor);
    }
  }
  return part;
}

void add_copies(NamedTensors& to, const std::string& prefix, const NamedTensors& from) {
  for (const auto& [name, tensor] : from) {
    // On the CPU cpu() alone would be the tensor itself, which the next step changes.
    to.emplace_back(prefix + name, tensor.detach().cpu().contiguous().clone());
  }
}

}  // namespace sparring
