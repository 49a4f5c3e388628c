#include "core/runtime/available.h"

#include <algorithm>
#include <fstream>
#include <limits>
#include <string>

#include "core/runtime/accelerator.h"
#include "core/runtime/memory.h"

namespace sparring {
namespace {

constexpr int64_t kUnknown = std::numeric_limits<int64_t>::max();

// A file of one number; a word such as "max" is no limit.
int64_t number_in(const std::string& file) {
  std::ifstream stream(file);
  int64_t number = 0;
  return stream >> number ? number : kUnknown;
}

int64_t available_in_system() {
  std::ifstream stream("/proc/meminfo");
  for (std::string word; stream >> word;) {
    int64_t kibibytes = 0;
    if (word == "MemAvailable:" && stream >> kibibytes) return kibibytes << 10;
  }
  return kUnknown;
}

// Of the first version of control groups or the second.
int64_t left_in_container() {
  const std::string root = "/sys/fs/cgroup/";
  for (const auto& [limit, usage] :
       {std::pair{"memory.max", "memory.current"},
        std::pair{"memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"}}) {
    const int64_t most = number_in(root + limit), used = number_in(root + usage);
    if (most != kUnknown && used != kUnknown) return std::max<int64_t>(0, most - used);
  }
  return kUnknown;
}

}  // namespace

int64_t available_memory(const at::Device& device) {
  if (device.is_cuda()) {
    const Accelerator* cuda = accelerator();
    return cuda == nullptr ? kUnknown : cuda->memory(device).free;
  }
  const int64_t system = std::min(available_in_system(), left_in_container());
  return system == kUnknown ? system : system + kept_memory().spare;
}

}  // namespace sparring
