#include "cuda/compiler.h"

#include <cuda.h>
#include <dlfcn.h>
#include <nvrtc.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <vector>

#include "kernel_sources.h"  // written by cmake/cuda.cmake

namespace sparring {
namespace {

void* open_library(const std::string& file) {
  void* const library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) throw std::runtime_error(file + " cannot be loaded: " + dlerror());
  return library;
}

// Of the same CUDA as the header: what libtorch_cuda itself is linked to, and so loaded already.
void* nvrtc() {
  static void* const library = open_library("libnvrtc.so." + std::to_string(CUDA_VERSION / 1000));
  return library;
}

template <class Function>
Function* function(const char* name) {
  void* const found = dlsym(nvrtc(), name);
  if (found == nullptr) throw std::runtime_error(std::string("NVRTC has no ") + name);
  return reinterpret_cast<Function*>(found);
}

#define NVRTC(name) function<decltype(name)>(#name)

// It opens a second library by its bare name, which is beside it and not where the loader looks.
void open_builtins() {
  int major = 0, minor = 0;
  NVRTC(nvrtcVersion)(&major, &minor);
  Dl_info own;
  if (dladdr(dlsym(nvrtc(), "nvrtcVersion"), &own) == 0) return;
  const std::string file = own.dli_fname, folder = file.substr(0, file.rfind('/') + 1);
  dlopen((folder + "libnvrtc-builtins.so." + std::to_string(major) + "." + std::to_string(minor))
             .c_str(),
         RTLD_NOW | RTLD_LOCAL);
}

void check(nvrtcResult result, const char* what) {
  if (result == NVRTC_SUCCESS) return;
  throw std::runtime_error(std::string("NVRTC cannot ") + what + ": " +
                           NVRTC(nvrtcGetErrorString)(result));
}

// The newest architecture that it knows and the GPU can run. Machine code for the GPU's own; for
// one that is newer than NVRTC, what the driver compiles further.
std::string architecture(int capability) {
  int count = 0;
  check(NVRTC(nvrtcGetNumSupportedArchs)(&count), "tell its architectures");
  std::vector<int> known(count);
  check(NVRTC(nvrtcGetSupportedArchs)(known.data()), "tell its architectures");
  int newest = 0;
  for (const int one : known) {
    if (one <= capability) newest = std::max(newest, one);
  }
  if (newest == 0) {
    throw std::runtime_error("NVRTC does not know a compute capability of " +
                             std::to_string(capability) + " or lower");
  }
  return (newest == capability ? "sm_" : "compute_") + std::to_string(newest);
}

// Gives it back whatever comes.
struct Program {
  explicit Program(const char* source) {
    check(NVRTC(nvrtcCreateProgram)(&program, source, "kernels.cu", 0, nullptr, nullptr),
          "read the kernels");
  }
  ~Program() { NVRTC(nvrtcDestroyProgram)(&program); }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  nvrtcProgram program = nullptr;
};

std::string log_of(nvrtcProgram program) {
  size_t size = 0;
  NVRTC(nvrtcGetProgramLogSize)(program, &size);
  std::string text(size, 0);
  NVRTC(nvrtcGetProgramLog)(program, text.data());
  return text.c_str();
}

}  // namespace

std::string compile_kernels(int capability) {
  open_builtins();
  const std::string target = architecture(capability);
  const std::string flag = "--gpu-architecture=" + target;
  const std::array<const char*, 2> flags{flag.c_str(), "--std=c++17"};
  const Program kernels(kKernelSources);
  const nvrtcResult result =
      NVRTC(nvrtcCompileProgram)(kernels.program, static_cast<int>(flags.size()), flags.data());
  if (result != NVRTC_SUCCESS) {
    throw std::runtime_error("NVRTC cannot compile the kernels for " + target + ": " +
                             log_of(kernels.program));
  }
  const bool is_final = target[0] == 's';
  size_t size = 0;
  check(is_final ? NVRTC(nvrtcGetCUBINSize)(kernels.program, &size)
                 : NVRTC(nvrtcGetPTXSize)(kernels.program, &size),
        "tell the size of its code");
  std::string image(size, 0);
  check(is_final ? NVRTC(nvrtcGetCUBIN)(kernels.program, image.data())
                 : NVRTC(nvrtcGetPTX)(kernels.program, image.data()),
        "hand over its code");
  return image;
}

}  // namespace sparring
