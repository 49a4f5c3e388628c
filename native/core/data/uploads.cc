#include "core/data/uploads.h"

#include <c10/core/impl/VirtualGuardImpl.h>

namespace sparring {
namespace {

// A copy in pinned memory; where the system gives none, the values themselves.
at::Tensor pinned(const at::Tensor& values) {
  try {
    return values.pin_memory();
  } catch (const c10::Error&) {
    return values;
  }
}

}  // namespace

at::Tensor Uploads::to(const at::Tensor& values, const at::Device& device) {
  if (!device.is_cuda() || !values.is_cpu()) return values.to(device);
  under_way_.make_room();
  const at::Tensor there = pinned(values).to(device, values.scalar_type(), /*non_blocking=*/true);
  c10::Event arrival(device.type());
  arrival.record(c10::impl::VirtualGuardImpl(device.type()).getStream(device));
  under_way_.add(std::move(arrival));
  return there;
}

}  // namespace sparring
