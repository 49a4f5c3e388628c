// CUDA is found at run time, so that one binary serves the CPU and the CUDA build of libtorch.
#pragma once

#include <string>
#include <vector>

#include "core/torch.h"

namespace sparring {

// Opens libtorch_cuda beside libtorch_cpu. Has to come before anything else touches libtorch: the
// first CUDA query without it turns CUDA off for the life of the process. Once a process.
void load_cuda();

// Empty if CUDA can be used, else a sentence that says why not.
const std::string& cuda_off();
int64_t cuda_device_count();

// "cpu", "cuda" or "cuda:i" as a device of this machine. Throws ERR_DEVICE.
at::Device parse_device(const std::string& name);

// The file of the libtorch that this process runs on.
std::string libtorch_file();

}  // namespace sparring
