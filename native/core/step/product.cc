#include "core/step/product.h"

// libtorch_cpu has it for bfloat16; float32 is allowed. Weak: a libtorch without it is fine.
namespace at::native {
__attribute__((weak)) void mkldnn_matmul(const Tensor& a, const Tensor& b, const Tensor& out,
                                         float beta, float alpha);
}  // namespace at::native

namespace sparring {
namespace {

// On AMD's processors libtorch's BLAS (MKL) keeps to AVX2, and oneDNN's AVX-512 kernels are twice
// as fast: 240 against 105 GFLOP/s on one core of a Zen 5. A rule and no measurement, so that a
// seed gives the same numbers each time.
bool prefers_one_dnn() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  return at::native::mkldnn_matmul != nullptr && at::globalContext().hasMKLDNN() &&
         __builtin_cpu_is("amd") && __builtin_cpu_supports("avx512f");
#else
  return false;
#endif
}

// Multiplications from which its 10 µs a call are made up for.
constexpr int64_t kWorthIt = int64_t{1} << 20;

}  // namespace

const char* product_library() {
  static const char* library = prefers_one_dnn() ? "oneDNN" : "BLAS";
  return library;
}

void product(const at::Tensor& out, const at::Tensor& a, const at::Tensor& b, bool accumulate) {
  static const bool one_dnn = prefers_one_dnn();
  const int64_t multiplications = a.size(0) * a.size(1) * b.size(1);
  if (one_dnn && out.scalar_type() == at::kFloat && multiplications >= kWorthIt) {
    return at::native::mkldnn_matmul(a, b, out, accumulate ? 1.0f : 0.0f, 1.0f);
  }
  at::Tensor result = out;
  if (accumulate) {
    at::addmm_out(result, result, a, b);
  } else {
    at::mm_out(result, a, b);
  }
}

}  // namespace sparring
