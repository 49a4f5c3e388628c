// What ranks sum gradients over where these are on GPUs.
#pragma once

#include <chrono>

#include "core/runtime/accelerator.h"

namespace sparring {

// Empty where it was built with NCCL; else why not.
const std::string& nccl_missing();

// Throws ERR_DEVICE where it is missing.
c10::intrusive_ptr<c10d::Backend> open_nccl(const c10::intrusive_ptr<c10d::Store>& store, int rank,
                                            int size, std::chrono::milliseconds timeout);

}  // namespace sparring
