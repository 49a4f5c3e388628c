#include "core/runtime/cuda.h"

#include <ATen/Parallel.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <dlfcn.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "core/error.h"
#include "core/runtime/accelerator.h"
#include "core/runtime/thread.h"

namespace sparring {
namespace {

struct CudaOff {
  CudaObstacle obstacle = CudaObstacle::kNone;
  std::string reason;
};

// The folder of the file that this code is in, with a slash.
std::string own_folder() {
  Dl_info info;
  if (dladdr(reinterpret_cast<void*>(&load_cuda), &info) == 0) return "";
  const std::string file = info.dli_fname;
  return file.substr(0, file.rfind('/') + 1);
}

const FoundAccelerator& found() {
  static const FoundAccelerator once = cuda_off().empty()
                                           ? find_accelerator(own_folder() + "libsparring_cuda.so")
                                           : FoundAccelerator{nullptr, cuda_off()};
  return once;
}

CudaOff open_cuda() {
  const std::string cpu = libtorch_file();
  const std::string cuda = cpu.substr(0, cpu.rfind('/') + 1) + "libtorch_cuda.so";
  if (access(cuda.c_str(), R_OK) != 0) {
    return {CudaObstacle::kCpuBuild,
            "this libtorch (" SPARRING_LIBTORCH_VERSION ") is a CPU build"};
  }
  // Without a driver opening it would only cost half a second.
  if (!has_nvidia_driver()) return {CudaObstacle::kNoDriver, "no NVIDIA driver was found"};
  if (dlopen(cuda.c_str(), RTLD_NOW | RTLD_GLOBAL) == nullptr) {
    return {CudaObstacle::kUnloadable, std::string("libtorch_cuda cannot be loaded: ") + dlerror()};
  }
  if (at::detail::getCUDAHooks().deviceCount() == 0) {
    return {CudaObstacle::kNoGpu, "the NVIDIA driver shows no GPU"};
  }
  return {};
}

// For a thread that goes on for another.
void again(const at::Device& device) {
  try {
    enter_device(device);
  } catch (const std::exception&) {
    // A GPU that failed: whoever asks for something there is told.
  }
}

const CudaOff& off() {
  static const CudaOff once = open_cuda();
  return once;
}

}  // namespace

bool has_nvidia_driver(const std::vector<std::string>& files) {
  return std::any_of(files.begin(), files.end(),
                     [](const std::string& file) { return access(file.c_str(), F_OK) == 0; });
}

void load_cuda() { off(); }

CudaObstacle cuda_obstacle() { return off().obstacle; }

const std::string& cuda_off() { return off().reason; }

int64_t cuda_device_count() {
  return cuda_off().empty() ? at::detail::getCUDAHooks().deviceCount() : 0;
}

at::Device parse_device(const std::string& name) {
  if (name == "cpu") return at::Device(at::kCPU);
  if (!cuda_off().empty()) {
    throw Error("ERR_DEVICE",
                "Expected a usable device for device but received \"" + name + "\": " + cuda_off());
  }
  const int64_t index = name == "cuda" ? 0 : std::stoll(name.substr(5));
  if (index >= cuda_device_count()) {
    throw Error("ERR_DEVICE", "Expected one of " + std::to_string(cuda_device_count()) +
                                  " CUDA devices for device but received \"" + name + "\"");
  }
  return at::Device(at::kCUDA, static_cast<at::DeviceIndex>(index));
}

FoundAccelerator find_accelerator(const std::string& file) {
  if (access(file.c_str(), F_OK) != 0) {
    return {nullptr, "libsparring_cuda.so was not built: CUDA's headers were not there"};
  }
  void* library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  void* make = library == nullptr ? nullptr : dlsym(library, "sparring_accelerator");
  if (make == nullptr) {
    return {nullptr, std::string("libsparring_cuda.so cannot be loaded: ") + dlerror()};
  }
  return {reinterpret_cast<Accelerator* (*)()>(make)(), ""};
}

Accelerator* accelerator() { return found().accelerator; }

const std::string& accelerator_off() { return found().off; }

void enter_device(const at::Device& device) {
  if (!device.is_cuda() || accelerator() == nullptr) return;
  accelerator()->enter(device);
  thread_local std::set<c10::DeviceIndex> entered;
  if (entered.insert(device.index()).second) preparations().push_back([device] { again(device); });
}

std::string libtorch_file() {
  Dl_info info;
  if (dladdr(reinterpret_cast<void*>(&at::get_num_threads), &info) == 0) return "";
  return info.dli_fname;
}

}  // namespace sparring
