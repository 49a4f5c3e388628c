#include "core/linalg/batch_product.h"

#include <limits>
#include <type_traits>
#include <vector>

#include "core/linalg/block_product.h"
#include "core/linalg/product.h"
#include "core/linalg/transpose.h"

// What libtorch_cpu has inside and shows: MKL's. Weak: with another BLAS nothing asks for it.
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

bool has_blas() { return cblas_sgemm_batch != nullptr && cblas_dgemm_batch != nullptr; }
// Its block is as fast as any BLAS at these, or faster: they are small.
bool is_by_one_dnn() { return has_block_product() && multiplier() != Multiplier::kBlas; }

template <class T>
void multiply_by_blas(const BatchSize& size, const Matrices<T>& out, const Matrices<const T>& a,
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

void multiply_by_one_dnn(const BatchSize& size, const Matrices<float>& out,
                         const Matrices<const float>& a, const Matrices<const float>& b,
                         bool accumulate, bool transposes_a) {
  const at::Tensor room =
      transposes_a ? at::empty({size.rows * size.inner}, at::kFloat) : at::Tensor();
  for (int64_t i = 0; i < size.count; ++i) {
    Matrix<const float> left{a.first + i * a.next, a.row};
    if (transposes_a) {
      float* const turned = room.mutable_data_ptr<float>();
      transpose(left.first, left.row, size.inner, size.rows, turned, size.inner);
      left = {turned, size.inner};
    }
    block_product({size.rows, size.inner, size.columns}, {out.first + i * out.next, out.row}, left,
                  {b.first + i * b.next, b.row}, accumulate);
  }
}

}  // namespace

bool multiplies_batches_well() {
  return has_blas() && (has_block_product() || multiplier() != Multiplier::kOneDnn);
}

bool multiplies_batches_by_blocks() { return multiplies_batches_well() && is_by_one_dnn(); }

template <class T>
void batch_product(const BatchSize& size, const Matrices<T>& out, const Matrices<const T>& a,
                   const Matrices<const T>& b, bool accumulate, bool transposes_a) {
  if constexpr (std::is_same_v<T, float>) {
    static const bool by_one_dnn = is_by_one_dnn();
    if (by_one_dnn) return multiply_by_one_dnn(size, out, a, b, accumulate, transposes_a);
  }
  multiply_by_blas(size, out, a, b, accumulate, transposes_a);
}

template void batch_product(const BatchSize&, const Matrices<float>&, const Matrices<const float>&,
                            const Matrices<const float>&, bool, bool);
template void batch_product(const BatchSize&, const Matrices<double>&,
                            const Matrices<const double>&, const Matrices<const double>&, bool,
                            bool);

}  // namespace sparring
