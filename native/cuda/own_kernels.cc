#include "cuda/own_kernels.h"

#ifdef SPARRING_NVRTC
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <cuda.h>
#include <dlfcn.h>

#include <map>
#include <mutex>
#include <stdexcept>
#include <vector>

#include "core/error.h"
#include "cuda/adam.h"
#include "cuda/compiler.h"
#include "cuda/norm.h"
#endif

namespace sparring {

#ifdef SPARRING_NVRTC
namespace {

// By name, so that this library needs no driver to be loaded. (With a driver it is there already.)
template <class Function>
Function* driver_function(const char* name) {
  static void* const library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  void* const found = library == nullptr ? nullptr : dlsym(library, name);
  if (found == nullptr) throw std::runtime_error(std::string("the driver has no ") + name);
  return reinterpret_cast<Function*>(found);
}

#define DRIVER(name) driver_function<decltype(name)>(#name)

void check(CUresult result, const std::string& what) {
  if (result == CUDA_SUCCESS) return;
  const char* text = nullptr;
  DRIVER(cuGetErrorString)(result, &text);
  throw std::runtime_error("the driver cannot " + what + ": " + (text ? text : "unknown error"));
}

// Makes the device's context this thread's, which the driver asks for and the runtime would do by
// itself.
void use(const at::Device& device) { C10_CUDA_CHECK(cudaSetDevice(device.index())); }

// Loaded for as long as the process lives.
class Loaded : public Launcher {
 public:
  Loaded(const at::Device& device, int capability) : device_(device) {
    const std::string image = compile_kernels(capability);
    const c10::cuda::CUDAGuard guard(device_);
    use(device_);
    check(DRIVER(cuModuleLoadData)(&module_, image.data()), "load the kernels");
  }

  void launch(const std::string& kernel, Extent blocks, Extent threads,
              std::vector<Argument> arguments) const override {
    const c10::cuda::CUDAGuard guard(device_);
    use(device_);
    std::vector<void*> addresses;
    for (Argument& argument : arguments) addresses.push_back(argument.address());
    const auto stream = c10::cuda::getCurrentCUDAStream(device_.index()).stream();
    static auto* const launch_kernel = DRIVER(cuLaunchKernel);
    check(launch_kernel(function(kernel), blocks.x, blocks.y, 1, threads.x, threads.y, 1,
                        /*sharedMemBytes=*/0, stream, addresses.data(), nullptr),
          "launch " + kernel);
  }

 private:
  CUfunction function(const std::string& name) const {
    const std::lock_guard<std::mutex> lock(mutex_);
    CUfunction& found = functions_[name];
    if (found == nullptr) {
      check(DRIVER(cuModuleGetFunction)(&found, module_, name.c_str()), "find " + name);
    }
    return found;
  }

  at::Device device_;
  CUmodule module_ = nullptr;
  mutable std::mutex mutex_;
  mutable std::map<std::string, CUfunction> functions_;
};

OwnKernels make(const at::Device& device, int capability) {
  try {
    // All for as long as the process lives: the driver may be gone when statics are destroyed.
    const auto* const loaded = new Loaded(device, capability);
    return {new DeviceNormKernels(*loaded), new DeviceAdam(*loaded), ""};
  } catch (const std::exception& error) {
    return {nullptr, nullptr, reason_of(error)};
  }
}

}  // namespace

const OwnKernels& own_kernels(const at::Device& device, int capability) {
  static std::mutex mutex;
  static std::map<c10::DeviceIndex, OwnKernels> of_devices;
  const std::lock_guard<std::mutex> lock(mutex);
  const auto place = of_devices.find(device.index());
  if (place != of_devices.end()) return place->second;
  return of_devices.emplace(device.index(), make(device, capability)).first->second;
}

#else

const OwnKernels& own_kernels(const at::Device&, int) {
  static const OwnKernels none{nullptr, nullptr,
                               "native/cuda was built without NVRTC's header (nvrtc.h)"};
  return none;
}

#endif

}  // namespace sparring
