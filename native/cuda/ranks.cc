#include "ranks.h"

#include <cstdlib>
#include <string>
#include <vector>

#include "core/error.h"

#ifdef SPARRING_NCCL
// Before c10d's headers: without it the one of its NCCL backend is empty.
#define USE_C10D_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif
#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/Store.hpp>

namespace sparring {

#ifdef SPARRING_NCCL

const std::string& nccl_missing() {
  static const std::string none;
  return none;
}

namespace {

// The user's word, by any of its names, goes before.
void prefer(const std::vector<std::string>& names, const char* value) {
  for (const std::string& name : names) {
    if (std::getenv(name.c_str()) != nullptr) return;
  }
  setenv(names[0].c_str(), value, /*overwrite=*/1);
}

}  // namespace

c10::intrusive_ptr<c10d::Backend> open_nccl(const c10::intrusive_ptr<c10d::Store>& store, int rank,
                                            int size, std::chrono::milliseconds timeout) {
  // Once a rank is lost its communicators are given up, and who waits is told; c10d's own choice is
  // to end the process, and with it whatever else Node does. So it would where CUDA fails, and
  // where NCCL takes minutes to give up.
  prefer(c10d::TORCH_NCCL_ASYNC_ERROR_HANDLING, "2");
  prefer(c10d::TORCH_NCCL_RETHROW_CUDA_ERRORS, "0");
  prefer(c10d::TORCH_NCCL_ENABLE_MONITORING, "0");
  auto options = c10d::ProcessGroupNCCL::Options::create();
  options->timeout = timeout;
  return c10::make_intrusive<c10d::ProcessGroupNCCL>(store, rank, size, std::move(options));
}

#else

const std::string& nccl_missing() {
  static const std::string reason =
      "native/cuda was built without NCCL: nccl.h was not there (pip: nvidia-nccl-cu13)";
  return reason;
}

c10::intrusive_ptr<c10d::Backend> open_nccl(const c10::intrusive_ptr<c10d::Store>&, int, int,
                                            std::chrono::milliseconds) {
  throw Error("ERR_DEVICE", "Expected NCCL for ranks on GPUs but received none: " + nccl_missing());
}

#endif

}  // namespace sparring
