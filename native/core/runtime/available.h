// How much memory there is for more.
#pragma once

#include "core/torch.h"

namespace sparring {

// Bytes that can still be allocated on a device without taking from others: on a GPU what is free
// there, on the CPU what the system says is available and a container's limit leaves; with what is
// kept for reuse. Where nothing is known, all there could be.
int64_t available_memory(const at::Device& device);

}  // namespace sparring
