// What only a CUDA libtorch can do and the dispatcher does not reach: streams, graphs, the device's
// memory, NCCL. The implementation is native/cuda, a library of its own that is loaded beside a
// CUDA libtorch; here is only what it looks like from the core, which does not know CUDA's headers.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/torch.h"

namespace c10d {
class Backend;
class Store;
}  // namespace c10d

namespace sparring {

class AdamKernel;
class NormKernels;

// Device work that was recorded once and can be done again as one launch.
class Recording {
 public:
  virtual ~Recording() = default;
  virtual void replay() = 0;
};

// Memory of a device, in bytes.
struct DeviceMemory {
  int64_t free;   // that nobody has
  int64_t spare;  // that libtorch keeps for reuse; with recordings, what only they can have
  int64_t total;
};

class Accelerator {
 public:
  virtual ~Accelerator() = default;
  // From here on this thread's work on the device goes to a stream of its own, which waits for what
  // was done so far: nothing can be recorded on the default stream. Once a thread and device.
  virtual void enter(const at::Device& device) = 0;
  // Records what `work` launches, without doing it. Numbers drawn from `generators` are new ones at
  // every replay. Throws what `work` throws, and where something in it cannot be recorded.
  virtual std::unique_ptr<Recording> record(const at::Device& device,
                                            const std::vector<at::Generator>& generators,
                                            const std::function<void()>& work) = 0;
  virtual DeviceMemory memory(const at::Device& device) const = 0;
  // Does it, and tells the most bytes that tensors took meanwhile beside those that were there.
  virtual int64_t measure(const at::Device& device, const std::function<void()>& work) const = 0;
  // Compute capability, 10 × major + minor.
  virtual int capability(const at::Device& device) const = 0;
  // Blocks that no tensor uses, back to the device.
  virtual void trim(const at::Device& device) = 0;
  // Kernels of our own, compiled for the device when they are first asked for; null where they
  // cannot be, and then why.
  virtual const NormKernels* norm_kernels(const at::Device& device) = 0;
  virtual const AdamKernel* adam_kernel(const at::Device& device) = 0;
  virtual std::string kernels_off(const at::Device& device) = 0;
  // Why no ranks can train on these devices; empty if they can.
  virtual const std::string& ranks_off() const = 0;
  // Sums between the devices of ranks that find each other in a store, one device a rank.
  virtual c10::intrusive_ptr<c10d::Backend> join(const c10::intrusive_ptr<c10d::Store>& store,
                                                 int rank, int size,
                                                 std::chrono::milliseconds timeout) = 0;
};

// An accelerator, or why there is none.
struct FoundAccelerator {
  Accelerator* accelerator = nullptr;
  std::string off;
};
// That of a library, which then stays open.
FoundAccelerator find_accelerator(const std::string& file);

// The accelerator of this process; null where CUDA cannot be used, or the library was not built.
Accelerator* accelerator();
// Why there is no accelerator; empty if there is one.
const std::string& accelerator_off();

// Prepares this thread for work on `device`; nothing to do on the CPU.
void enter_device(const at::Device& device);

}  // namespace sparring
