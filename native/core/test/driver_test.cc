#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "core/runtime/cuda.h"
#include "core/test/check.h"  // last: see there

using namespace sparring;

TEST_CASE("a driver is there as soon as one of its files is") {
  namespace fs = std::filesystem;
  const fs::path folder = fs::temp_directory_path() / ("driver-" + std::to_string(getpid()));
  fs::create_directory(folder);
  const std::string version = folder / "version", device = folder / "nvidiactl";
  CHECK_FALSE(has_nvidia_driver({version, device}));
  std::ofstream{device};
  CHECK(has_nvidia_driver({version, device}));
  CHECK_FALSE(has_nvidia_driver({version}));
  // What is there counts, whoever may read it.
  fs::permissions(device, fs::perms::none);
  CHECK(has_nvidia_driver({version, device}));
  fs::remove_all(folder);
}

TEST_CASE("CUDA has an obstacle exactly where it has a reason to be off") {
  CHECK((cuda_obstacle() == CudaObstacle::kNone) == cuda_off().empty());
  const bool is_cpu_build = cuda_off().find("is a CPU build") != std::string::npos;
  CHECK((cuda_obstacle() == CudaObstacle::kCpuBuild) == is_cpu_build);
}
