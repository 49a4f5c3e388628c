// The number format that the products and convolutions of a step are computed in. Weights, losses,
// gradients' sums and the optimizer stay in float32.
#pragma once

#include <string>
#include <vector>

#include "core/torch.h"

namespace sparring {

enum class Precision { kFloat32, kTf32, kBfloat16 };

// The precision with that name in lib/. Throws ERR_NATIVE.
Precision parse_precision(const std::string& name);
// The names of those that the device can do, in the order of the enum.
std::vector<std::string> precisions_of(const at::Device& device);

// For as long as it lives, this thread's forward passes on the device are in that precision: what
// torch.autocast(cache_enabled=False) does. The cache would keep a copy of weights that an update
// has changed since.
class Autocast {
 public:
  Autocast(Precision precision, const at::Device& device);
  ~Autocast();
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  bool on_;
  at::DeviceType device_;
  bool was_enabled_ = false, had_cache_ = false;
  at::ScalarType had_type_ = at::kFloat;
};

// CUDA's matrix products in TF32, or not; a switch of the whole process, so each step sets it.
void choose_products(Precision precision, const at::Device& device);

}  // namespace sparring
