#include "core/step/product.h"

#include <limits>
#include <string_view>
#include <vector>

// libtorch_cpu has it for bfloat16; float32 is allowed. Weak: a libtorch without it is fine.
namespace at::native {
__attribute__((weak)) void mkldnn_matmul(const Tensor& a, const Tensor& b, const Tensor& out,
                                         float beta, float alpha);
}  // namespace at::native

// MKL's, which libtorch_cpu has inside and shows. Weak: with another BLAS nothing asks for it.
template <class T>
using GemmBatch = void(int layout, const int* transposes_a, const int* transposes_b,
                       const int* rows, const int* columns, const int* inner, const T* factor,
                       const T** a, const int* a_row, const T** b, const int* b_row, const T* kept,
                       T** out, const int* out_row, int groups, const int* count);
extern "C" {
__attribute__((weak)) GemmBatch<float> cblas_sgemm_batch;
__attribute__((weak)) GemmBatch<double> cblas_dgemm_batch;
}

namespace sparring {
namespace {

// CBLAS's numbers for them.
constexpr int kRowMajor = 101, kAsItIs = 111, kTransposed = 112;

GemmBatch<float>* blas_of(float) { return cblas_sgemm_batch; }
GemmBatch<double>* blas_of(double) { return cblas_dgemm_batch; }

int narrowed(int64_t value) {
  TORCH_INTERNAL_ASSERT(value <= std::numeric_limits<int>::max());
  return static_cast<int>(value);
}

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

bool multiplies_batches_well() {
  const bool is_there = cblas_sgemm_batch != nullptr && cblas_dgemm_batch != nullptr;
  return is_there && product_library() == std::string_view("BLAS");
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

template <class T>
void batch_product(const BatchSize& size, const Matrices<T>& out, const Matrices<const T>& a,
                   const Matrices<const T>& b, bool accumulate, bool transposes_a) {
  const auto blas = blas_of(T());
  TORCH_INTERNAL_ASSERT(blas != nullptr);
  std::vector<T*> outs;
  std::vector<const T*> as, bs;
  for (int64_t i = 0; i < size.count; ++i) {
    outs.push_back(out.first + i * out.next);
    as.push_back(a.first + i * a.next);
    bs.push_back(b.first + i * b.next);
  }
  const int rows = narrowed(size.rows), columns = narrowed(size.columns),
            inner = narrowed(size.inner), count = narrowed(size.count);
  const int a_row = narrowed(a.row), b_row = narrowed(b.row), out_row = narrowed(out.row);
  const int of_a = transposes_a ? kTransposed : kAsItIs;
  const T factor = 1, kept = accumulate ? 1 : 0;
  blas(kRowMajor, &of_a, &kAsItIs, &rows, &columns, &inner, &factor, as.data(), &a_row, bs.data(),
       &b_row, &kept, outs.data(), &out_row, /*groups=*/1, &count);
}

template void batch_product(const BatchSize&, const Matrices<float>&, const Matrices<const float>&,
                            const Matrices<const float>&, bool, bool);
template void batch_product(const BatchSize&, const Matrices<double>&,
                            const Matrices<const double>&, const Matrices<const double>&, bool,
                            bool);

}  // namespace sparring
