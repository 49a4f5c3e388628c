#include "core/runtime/out_of_memory.h"

#include <new>
#include <stdexcept>

#include "core/error.h"
#include "core/test/check.h"  // last: see there
#include "core/torch.h"

using namespace sparring;

namespace {

template <class Work>
std::optional<MemoryOf> ran_out(const Work& work) {
  try {
    work();
  } catch (const std::exception& error) {
    return memory_that_ran_out(error);
  }
  throw std::logic_error("nothing was thrown");
}

}  // namespace

TEST_CASE("memory that ran out is known by the types of C++, libtorch and CUDA") {
  CHECK(ran_out([] { throw std::bad_alloc(); }) == MemoryOf::kHost);
  // Whatever the text is.
  CHECK(ran_out([] { TORCH_CHECK_WITH(OutOfMemoryError, false, "none"); }) == MemoryOf::kDevice);
  const auto of_cuda = [](int code) {
    throw c10::AcceleratorError({__func__, __FILE__, __LINE__}, code, "CUDA error: some");
  };
  CHECK(ran_out([&] { of_cuda(2); }) == MemoryOf::kDevice);
  CHECK(ran_out([&] { of_cuda(700); }) == std::nullopt);
}

TEST_CASE("memory that ran out is known by the text of what has no type for it") {
  const auto of_torch = [](const char* text) { TORCH_CHECK(false, text); };
  // More than any machine has, from libtorch's own allocator.
  CHECK(ran_out([] { at::empty({int64_t{1} << 60}, at::kByte); }) == MemoryOf::kHost);
  CHECK(ran_out([&] { of_torch("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling"); }) ==
        MemoryOf::kDevice);
  CHECK(ran_out([&] { of_torch("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"); }) == MemoryOf::kDevice);
}

TEST_CASE("memory that ran out for a kernel of oneDNN's is known from all others") {
  const auto of_kernel = [](const auto& error) {
    return ran_out_for_kernel(std::make_exception_ptr(error));
  };
  // dnnl::error is an std::exception with that text.
  const std::runtime_error kernel("could not create a primitive");
  CHECK(ran_out([&] { throw kernel; }) == MemoryOf::kHost);
  CHECK(of_kernel(kernel));
  CHECK_FALSE(of_kernel(std::bad_alloc()));
  CHECK_FALSE(of_kernel(std::runtime_error("could not create a primitive descriptor")));
  CHECK_FALSE(of_kernel(7));
}

TEST_CASE("an error that only speaks of memory is none of memory that ran out") {
  CHECK(ran_out([] { TORCH_CHECK(false, "a graph that was out of memory before"); }) ==
        std::nullopt);
  CHECK(ran_out([] {
          throw Error("ERR_DATA", "Expected images but received out of memory.png");
        }) == std::nullopt);
  CHECK(ran_out([] { throw std::runtime_error("out of memory"); }) == std::nullopt);
}
