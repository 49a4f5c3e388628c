// CUDA's run-time compiler, NVRTC, which comes with a CUDA libtorch: a machine that trains needs no
// toolkit, and kernels fit its GPU.
#pragma once

#include <string>

namespace sparring {

// The kernels of kernels/ for a GPU of that compute capability (10 × major + minor), as what
// cuModuleLoadData takes; needs no GPU. Throws std::runtime_error.
std::string compile_kernels(int capability);

}  // namespace sparring
