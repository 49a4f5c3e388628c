// Products of many small matrices, by whichever library is this processor's, against at::matmul.
#include "core/linalg/batch_product.h"

#include "core/linalg/block_product.h"
#include "core/linalg/product.h"
#include "core/linalg/transpose.h"
#include "core/step/rewrites/winograd.h"
#include "core/test/check.h"  // last: see there

using namespace sparring;

namespace {

// More than a block of columns and of inner sizes, and what no block divides.
const std::vector<BatchSize> kSizes = {{1, 1, 1, 1},      {9, 64, 48, 32},    {3, 17, 33, 5},
                                       {2, 21, 600, 300}, {1, 40, 1024, 513}, {1, 9, 1100, 64}};

// The largest error of one of `sizes`, each matrix with room after its rows.
template <class T>
double error_of(const BatchSize& size, bool accumulate, bool transposes_a) {
  const auto options = at::TensorOptions(c10::CppTypeToScalarType<T>::value);
  const int64_t room = 3;
  const auto stored = [&](int64_t rows, int64_t columns) {
    return at::randn({size.count, rows, columns + room}, options);
  };
  const at::Tensor a = transposes_a ? stored(size.inner, size.rows) : stored(size.rows, size.inner);
  const at::Tensor b = stored(size.inner, size.columns), out = stored(size.rows, size.columns);
  const auto without_room = [&](const at::Tensor& all) {
    return all.narrow(2, 0, all.size(2) - room).to(at::kDouble);
  };
  const at::Tensor left = transposes_a ? without_room(a).transpose(1, 2) : without_room(a);
  at::Tensor wanted = at::matmul(left, without_room(b));
  if (accumulate) wanted += without_room(out);
  const at::Tensor beyond = out.narrow(2, size.columns, room).clone();
  batch_product<T>(size, {out.mutable_data_ptr<T>(), out.stride(0), out.stride(1)},
                   {a.const_data_ptr<T>(), a.stride(0), a.stride(1)},
                   {b.const_data_ptr<T>(), b.stride(0), b.stride(1)}, accumulate, transposes_a);
  CHECK(at::equal(out.narrow(2, size.columns, room), beyond));
  return (without_room(out) - wanted).abs().max().template item<double>();
}

}  // namespace

TEST_CASE(
    "products of many matrices equal libtorch's: sums, the first one stored the other way round") {
  // A libtorch without MKL has none, and nothing asks for them there.
  if (!multiplies_batches_well()) return;
  for (const BatchSize& size : kSizes) {
    for (const bool accumulate : {false, true}) {
      for (const bool transposes_a : {false, true}) {
        CAPTURE(size.inner);
        CAPTURE(accumulate);
        CAPTURE(transposes_a);
        CHECK(error_of<double>(size, accumulate, transposes_a) < 1e-12);
        CHECK(error_of<float>(size, accumulate, transposes_a) < 2e-4);
      }
    }
  }
}

TEST_CASE("a processor with AVX2 or more multiplies batches by oneDNN's block") {
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool has_vectors = __builtin_cpu_supports("avx2");
  const bool has_libraries = has_block_product() && at::globalContext().hasMKLDNN();
  if (!has_vectors || !has_libraries || !multiplies_batches_well()) return;
  CHECK(multiplier() != Multiplier::kBlas);
  CHECK(multiplies_batches_by_blocks());
#endif
}

TEST_CASE("rows of whole 2 KiB have a line between them, and others lie side by side") {
  CHECK(winograd::row_of<float>(512) == 528);
  CHECK(winograd::row_of<float>(1024) == 1040);
  CHECK(winograd::row_of<float>(256) == 256);
  CHECK(winograd::row_of<float>(520) == 520);
  CHECK(winograd::row_of<double>(256) == 264);
}

TEST_CASE("a matrix is turned round, what no block divides too, and nothing beside it is written") {
  for (const auto& [rows, columns] :
       {std::pair<int64_t, int64_t>{16, 32}, {8, 8}, {1, 1}, {37, 50}}) {
    const at::Tensor whole = at::randn({rows, columns + 5});
    const at::Tensor turned = at::full({columns, rows + 2}, 7.0f);
    transpose(whole.const_data_ptr<float>(), columns + 5, rows, columns,
              turned.mutable_data_ptr<float>(), rows + 2);
    CHECK(at::equal(turned.narrow(1, 0, rows), whole.narrow(1, 0, columns).t()));
    CHECK(turned.narrow(1, rows, 2).eq(7).all().item<bool>());
  }
}
