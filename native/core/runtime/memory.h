// The memory of large tensors on the CPU, kept between uses. malloc gives a block of some megabytes
// back to the system when it is freed, and the next one of its size costs a page fault for every
// 4 KiB: a tenth of a convolutional step.
#pragma once

#include <cstdint>

namespace sparring {

// From here on CPU tensors of at least 64 KiB live in blocks that are kept. Once a process, and
// before the first tensor; blocks are freed by whichever thread drops the last tensor on them.
void keep_memory();

// A step of training begins: what the last one and the one before it did not ask for is the first
// to be given back when there is too much.
void mark_step();

// Gives the blocks that no tensor uses back to the system.
void trim_memory();

struct KeptMemory {
  int64_t used = 0;   // bytes of the blocks that tensors live in
  int64_t spare = 0;  // bytes of the blocks that wait for one
};
KeptMemory kept_memory();

// What is alive on the CPU since keep_memory(), small tensors included; tensors that share their
// memory count once.
struct LiveMemory {
  int64_t tensors = 0, bytes = 0;
};
LiveMemory live_memory();

}  // namespace sparring
