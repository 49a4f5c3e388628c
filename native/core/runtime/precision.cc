#include "core/runtime/precision.h"

#include <ATen/Context.h>
#include <ATen/autocast_mode.h>

#include "core/runtime/accelerator.h"
#include "core/table.h"

namespace sparring {
Precision parse_precision(const std::string& name) {
  static const std::map<std::string, Precision> table = {{"bfloat16", Precision::kBfloat16},
                                                         {"float32", Precision::kFloat32},
                                                         {"tf32", Precision::kTf32}};
  return row(table, name, "precision");
}

std::vector<std::string> precisions_of(const at::Device& device) {
  if (device.is_cpu()) return {"float32", "bfloat16"};
  // Both came with Ampere; before it they are emulated, or not there at all.
  const Accelerator* cuda = accelerator();
  if (cuda != nullptr && cuda->capability(device) >= 80) return {"float32", "tf32", "bfloat16"};
  return {"float32"};
}

Autocast::Autocast(Precision precision, const at::Device& device)
    : on_(precision == Precision::kBfloat16), device_(device.type()) {
  if (!on_) return;
  was_enabled_ = at::autocast::is_autocast_enabled(device_);
  had_cache_ = at::autocast::is_autocast_cache_enabled();
  had_type_ = at::autocast::get_autocast_dtype(device_);
  at::autocast::set_autocast_enabled(device_, true);
  at::autocast::set_autocast_dtype(device_, at::kBFloat16);
  at::autocast::set_autocast_cache_enabled(false);
}

Autocast::~Autocast() {
  if (!on_) return;
  at::autocast::set_autocast_enabled(device_, was_enabled_);
  at::autocast::set_autocast_dtype(device_, had_type_);
  at::autocast::set_autocast_cache_enabled(had_cache_);
}

void choose_products(Precision precision, const at::Device& device) {
  if (device.is_cuda()) at::globalContext().setAllowTF32CuBLAS(precision == Precision::kTf32);
}

}  // namespace sparring
