// The core's Accelerator on CUDA. A library of its own, linked to libtorch_cuda and the CUDA
// runtime, so that one addon serves the CPU and the CUDA build of libtorch.
#include "core/runtime/accelerator.h"

#include <ATen/core/CachingHostAllocator.h>
#include <ATen/cuda/CUDAContextLight.h>
#include <ATen/cuda/CUDAGeneratorImpl.h>
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <torch/version.h>

#include <algorithm>
#include <optional>
#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/Store.hpp>

#include "cuda/capture.h"
#include "cuda/lending.h"
#include "cuda/own_kernels.h"
#include "ranks.h"

namespace sparring {
namespace {

namespace allocator = c10::cuda::CUDACachingAllocator;

// Does it as far as it can be done.
template <class Work>
void attempt(const Work& work) {
  try {
    work();
  } catch (const std::exception&) {
  }
}

// libtorch's graph, which leaves things undone where CUDA breaks a recording off.
class Graph : public at::cuda::CUDAGraph {
 public:
  explicit Graph(c10::DeviceIndex device) : device_(device) {}
  ~Graph() { forget_strangers(captured_generator_states_, static_cast<CUDAGraph*>(this)); }

  void begin() {
    forget_workspaces();
    // Of this thread alone: another may free memory meanwhile, which a global capture would call
    // unsafe.
    capture_begin({0, 0}, cudaStreamCaptureModeThreadLocal);
  }

  void end() {
    capture_end();
    forget_workspaces();
  }

  // What a recording that CUDA broke off would leave in libtorch. Up to 2.12 its allocators take it
  // for going on, and give back nothing that they keep; and so do its generators, that of the
  // device among them, without which no other graph can be replayed. Up to 2.13 the memory of the
  // recording is lost. (pytorch#180395, pytorch#190348)
  void give_up() {
    attempt([this] { forget_workspaces(); });
    for (auto& [state, increment] : captured_generator_states_) stop_recording(*state);
    attempt([this] { reset(); });
    attempt([this] { allocator::endAllocateToPool(device_, mempool_id_); });
    attempt([this] { end_pool_of(*at::getHostAllocator(at::kCUDA)); });
    attempt([this] {
      if (allocator::getPoolUseCount(device_, mempool_id_) > 0) {
        allocator::releasePool(device_, mempool_id_);
      }
    });
  }

 private:
  template <class State>
  static void stop_recording(State& state) {
    if constexpr (requires { state.capturing_ = false; }) state.capturing_ = false;
  }

  // Pinned memory has pools for recordings since about 2.11, but not in every libtorch since.
  template <class Host>
  void end_pool_of(Host& host) {
    if constexpr (requires { host.end_allocate_to_pool(mempool_id_); }) {
      host.end_allocate_to_pool(mempool_id_);
    }
  }

  // cuBLAS keeps a workspace for the stream, whose address goes into the graph. libtorch drops that
  // of the stream when any graph of it is destroyed, while others still write there. So before and
  // after there is none: the one in between is of the graph's own memory, which lasts as long as
  // the graph.
  void forget_workspaces() const {
#ifdef SPARRING_DROPS_WORKSPACES
    at::cuda::clearCublasWorkspacesForStream(c10::cuda::getCurrentCUDAStream(device_));
#endif
  }

  c10::DeviceIndex device_;
};

// Of all threads of the process.
Turns& turns() {
  static Turns all;
  return all;
}

class GraphRecording : public Recording {
 public:
  explicit GraphRecording(const at::Device& device)
      : device_(device), graph_(std::in_place, device.index()) {}
  ~GraphRecording() override {
    turns().alone([this] { graph_.reset(); });
  }

  void capture(const std::vector<at::Generator>& generators, const std::function<void()>& work) {
    const c10::cuda::CUDAGuard guard(device_);
    turns().alone([&] {
      for (const at::Generator& generator : generators) use(generator);
      sparring::capture(*graph_, work);
    });
  }

  void replay() override {
    const c10::cuda::CUDAGuard guard(device_);
    turns().beside_others([this] { graph_->replay(); });
  }

 private:
  // The default generator is known to every capture; others have to be made known up to 2.13.
  void use(const at::Generator& generator) {
#if TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR < 14
    graph_->register_generator_state(generator);
#else
    (void)generator;
#endif
  }

  at::Device device_;
  std::optional<Graph> graph_;
};

// libtorch's own are 32, lent in turn: a 33rd thread would have the first one's, and what it does
// there while that one records would be recorded, and not done.
c10::cuda::CUDAStream new_stream(const at::Device& device) {
  cudaStream_t stream = nullptr;
  C10_CUDA_CHECK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  return c10::cuda::getStreamFromExternal(stream, device.index());
}

class Cuda : public Accelerator {
 public:
  void enter(const at::Device& device) override {
    const c10::cuda::CUDAGuard guard(device);
    const auto own = Lending<c10::DeviceIndex, c10::cuda::CUDAStream>::of_thread(
        device.index(), [&device] { return new_stream(device); });
    const auto present = c10::cuda::getCurrentCUDAStream(device.index());
    if (present == own) return;
    // Work so far may be on the default stream, for which this one does not wait.
    present.synchronize();
    c10::cuda::setCurrentCUDAStream(own);
  }

  std::unique_ptr<Recording> record(const at::Device& device,
                                    const std::vector<at::Generator>& generators,
                                    const std::function<void()>& work) override {
    auto recording = std::make_unique<GraphRecording>(device);
    recording->capture(generators, work);
    return recording;
  }

  DeviceMemory memory(const at::Device& device) const override {
    const c10::cuda::CUDAGuard guard(device);
    size_t free = 0, total = 0;
    C10_CUDA_CHECK(cudaMemGetInfo(&free, &total));
    const Stats stats = stats_of(device);
    return {static_cast<int64_t>(free), stats.reserved.current - stats.allocated.current,
            static_cast<int64_t>(total)};
  }

  int64_t measure(const at::Device& device, const std::function<void()>& work) const override {
    const int64_t before = stats_of(device).allocated.current;
    if (is_allocating()) allocator::resetPeakStats(device.index());
    work();
    return std::max<int64_t>(0, stats_of(device).allocated.peak - before);
  }

  int capability(const at::Device& device) const override {
    int major = 0, minor = 0;
    C10_CUDA_CHECK(
        cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device.index()));
    C10_CUDA_CHECK(
        cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, device.index()));
    return major * 10 + minor;
  }

  void trim(const at::Device& device) override {
    const c10::cuda::CUDAGuard guard(device);
    if (is_allocating()) turns().beside_others([] { allocator::emptyCache(); });
  }

  const NormKernels* norm_kernels(const at::Device& device) override {
    return own_kernels(device, capability(device)).norm;
  }

  const AdamKernel* adam_kernel(const at::Device& device) override {
    return own_kernels(device, capability(device)).adam;
  }

  std::string kernels_off(const at::Device& device) override {
    return own_kernels(device, capability(device)).off;
  }

  const std::string& ranks_off() const override { return nccl_missing(); }

  c10::intrusive_ptr<c10d::Backend> join(const c10::intrusive_ptr<c10d::Store>& store, int rank,
                                         int size, std::chrono::milliseconds timeout) override {
    return open_nccl(store, rank, size, timeout);
  }

 private:
  struct Stats {
    c10::CachingAllocator::Stat reserved, allocated;
  };

  // Until CUDA's first use libtorch's allocator knows of no device, and must not be asked for one.
  static bool is_allocating() { return allocator::get()->initialized(); }

  static Stats stats_of(const at::Device& device) {
    if (!is_allocating()) return {};
    const auto stats = allocator::getDeviceStats(device.index());
    constexpr auto kAll = static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE);
    return {stats.reserved_bytes[kAll], stats.allocated_bytes[kAll]};
  }
};

}  // namespace
}  // namespace sparring

// Looked up by name: the core is not linked to this library.
extern "C" __attribute__((visibility("default"))) sparring::Accelerator* sparring_accelerator() {
  static sparring::Cuda cuda;
  return &cuda;
}
