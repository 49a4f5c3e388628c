// Compiles the kernels for GPUs from Turing to Blackwell: what a machine without one can know of
// them.
#include <cstdio>
#include <stdexcept>

#include "cuda/compiler.h"

int main() {
  try {
    for (const int capability : {75, 80, 86, 89, 90, 100, 120}) {
      const size_t size = sparring::compile_kernels(capability).size();
      std::printf("the kernels compile for compute capability %d.%d: %zu bytes\n", capability / 10,
                  capability % 10, size);
    }
    // One that NVRTC does not know gets code that its driver compiles further.
    const std::string later = sparring::compile_kernels(999);
    if (later.find(".target sm_") == std::string::npos) throw std::runtime_error("it is not PTX");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
