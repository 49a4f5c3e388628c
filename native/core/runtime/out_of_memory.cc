#include "core/runtime/out_of_memory.h"

#include <c10/util/Exception.h>

#include <new>
#include <string_view>

namespace sparring {
namespace {

// cudaErrorMemoryAllocation.
constexpr int kCudaOutOfMemory = 2;

// oneDNN says nothing else of it. Its assembler, Xbyak, keeps the first failure of each thread, and
// takes it for that of whatever is assembled there later.
bool is_of_kernel(const std::exception& error) {
  return std::string_view(error.what()) == "could not create a primitive";
}

// Where there is no type for it: the CPU's allocator, and CUDA's libraries, which have memory of
// their own and tell of it by the name of their status.
std::optional<MemoryOf> by_text(std::string_view text) {
  const auto says = [text](const char* part) { return text.find(part) != text.npos; };
  if (says("DefaultCPUAllocator: can't allocate memory")) return MemoryOf::kHost;
  if (says("_STATUS_ALLOC_FAILED")) return MemoryOf::kDevice;
  return {};
}

}  // namespace

// libtorch's own messages begin with a file and a line, and name no remedy. Of the host's memory
// they say how much was asked for, of a device's only that it was too much.
std::string lack_of(MemoryOf memory, const std::string& message) {
  const size_t tried = message.find("you tried to allocate ");
  const std::string need =
      tried == std::string::npos
          ? ""
          : " (" + message.substr(tried, message.find(" bytes", tried) + 6 - tried) + ")";
  const std::string whose = memory == MemoryOf::kHost ? "host" : "device";
  return "Expected enough " + whose + " memory for this work but it ran out" + need +
         "; a smaller batch, image or network needs less";
}

std::optional<MemoryOf> memory_that_ran_out(const std::exception& error) {
  if (dynamic_cast<const std::bad_alloc*>(&error)) return MemoryOf::kHost;
  if (dynamic_cast<const c10::OutOfMemoryError*>(&error)) return MemoryOf::kDevice;
  // From CUDA itself, past libtorch's allocator: a graph that is made, a module that is loaded.
  if (const auto* of_cuda = dynamic_cast<const c10::AcceleratorError*>(&error)) {
    if (of_cuda->get_error_code() == kCudaOutOfMemory) return MemoryOf::kDevice;
  }
  if (const auto* of_torch = dynamic_cast<const c10::Error*>(&error)) {
    return by_text(of_torch->what_without_backtrace());
  }
  if (is_of_kernel(error)) return MemoryOf::kHost;
  return {};
}

bool ran_out_for_kernel(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const std::exception& error) {
    return is_of_kernel(error);
  } catch (...) {
    return false;
  }
}

}  // namespace sparring
