// CUDA is found at run time, so that one binary serves the CPU and the CUDA build of libtorch.
#pragma once

#include <string>
#include <vector>

#include "core/torch.h"

namespace sparring {

// Opens libtorch_cuda beside libtorch_cpu. Has to come before anything else touches libtorch: the
// first CUDA query without it turns CUDA off for the life of the process. Once a process.
void load_cuda();

// Whether one of these is there, each of which only a driver brings: its version; the device that
// all its users open, where a sandbox (gVisor) shows no version; and that of Windows's subsystem
// for Linux.
bool has_nvidia_driver(const std::vector<std::string>& files = {"/proc/driver/nvidia/version",
                                                                "/dev/nvidiactl", "/dev/dxg"});

// What keeps CUDA off: lib/ knows what to do about each.
enum class CudaObstacle { kNone, kCpuBuild, kNoDriver, kUnloadable, kNoGpu };
CudaObstacle cuda_obstacle();
// The obstacle in words; empty if there is none.
const std::string& cuda_off();
int64_t cuda_device_count();

// "cpu", "cuda" or "cuda:i" as a device of this machine. Throws ERR_DEVICE.
at::Device parse_device(const std::string& name);

// The file of the libtorch that this process runs on.
std::string libtorch_file();

}  // namespace sparring
