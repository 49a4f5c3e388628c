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

// Control groups of the first version or the second: their folder, and their files' names.
struct Groups {
  std::string folder, controller, limit, usage, prefix;
};

const Groups kVersions[] = {
    {"/sys/fs/cgroup", "", "memory.max", "memory.current", ""},
    {"/sys/fs/cgroup/memory", "memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_"},
};

// What the system keeps of files, of what is in use, and gives up for whoever asks for more.
int64_t kept_of_files(const std::string& file, const std::string& prefix) {
  std::ifstream stream(file);
  int64_t kept = 0, bytes = 0;
  for (std::string name; stream >> name >> bytes;) {
    if (name == prefix + "inactive_file" || name == prefix + "active_file") kept += bytes;
  }
  return kept;
}

int64_t left_in(const Groups& groups, const std::string& group) {
  const std::string folder = groups.folder + group + "/";
  const int64_t most = number_in(folder + groups.limit), used = number_in(folder + groups.usage);
  if (most == kUnknown || used == kUnknown) return kUnknown;
  const int64_t kept = std::min(used, kept_of_files(folder + "memory.stat", groups.prefix));
  return std::max<int64_t>(0, most - (used - kept));
}

// The group of this process as the system calls it: `/system.slice/slurmd/job_7`. In a container
// that may be its name outside, where nothing is by that name, and the container's own limits are
// at the top.
std::string own_group(const std::string& controller) {
  std::ifstream stream("/proc/self/cgroup");
  for (std::string line; std::getline(stream, line);) {
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    if (line.substr(first + 1, second - first - 1) == controller) return line.substr(second + 1);
  }
  return "";
}

// What the tightest leaves of the limits of this process's group and of those above it.
int64_t left_in_container() {
  int64_t left = kUnknown;
  for (const Groups& groups : kVersions) {
    std::string group = own_group(groups.controller);
    for (;; group.resize(group.rfind('/'))) {
      left = std::min(left, left_in(groups, group));
      if (group.find('/') == std::string::npos) break;
    }
  }
  return left;
}

}  // namespace

int64_t available_memory(const at::Device& device) {
  if (device.is_cuda()) {
    const Accelerator* cuda = accelerator();
    if (cuda == nullptr) return kUnknown;
    const DeviceMemory memory = cuda->memory(device);
    return memory.free + memory.spare;
  }
  const int64_t system = std::min(available_in_system(), left_in_container());
  return system == kUnknown ? system : system + kept_memory().spare;
}

}  // namespace sparring
