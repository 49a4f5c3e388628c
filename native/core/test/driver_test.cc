#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "core/runtime/accelerator.h"
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

TEST_CASE("a library of an accelerator that is not there, or not whole, says what does not load") {
  namespace fs = std::filesystem;
  const fs::path folder = fs::temp_directory_path() / ("accelerator-" + std::to_string(getpid()));
  fs::create_directory(folder);
  const std::string file = folder / "libsparring_cuda.so";
  const auto off_of = [](const std::string& library) {
    const FoundAccelerator found = find_accelerator(library);
    CHECK(found.accelerator == nullptr);
    return found.off;
  };
  CHECK(off_of(file) == "libsparring_cuda.so was not built: CUDA's headers were not there");
  std::ofstream{file} << "half of a library, or another file altogether, longer than a header is";
  CHECK(off_of(file) == "libsparring_cuda.so cannot be loaded: " + file + ": invalid ELF header");
  // One of something else has no accelerator in it.
  const std::string other = off_of(libtorch_file());
  CHECK(other.find("libsparring_cuda.so cannot be loaded: ") == 0);
  CHECK(other.find("sparring_accelerator") != std::string::npos);
  fs::remove_all(folder);
}
