#include "core/data/uploads.h"

#include <c10/core/impl/VirtualGuardImpl.h>

#include "core/runtime/out_of_memory.h"

namespace sparring {
namespace {

// A copy in pinned memory, of what is pinned already, too; where the system has no more of it to
// give, the values themselves.
at::Tensor pinned(const at::Tensor& values) {
  try {
    return at::empty_like(values, values.options().pinned_memory(true)).copy_(values);
  } catch (const std::exception& error) {
    if (!memory_that_ran_out(error)) throw;
    return values;
  }
}

}  // namespace

at::Tensor Uploads::to(const at::Tensor& values, const at::Device& device) {
  if (!device.is_cuda() || !values.is_cpu()) return values.to(device);
  arrivals_.make_room(values.nbytes());
  const at::Tensor there = pinned(values).to(device, values.scalar_type(), /*non_blocking=*/true);
  c10::Event arrival(device.type());
  arrival.record(c10::impl::VirtualGuardImpl(device.type()).getStream(device));
  arrivals_.add(values.nbytes(), std::move(arrival));
  return there;
}

}  // namespace sparring
