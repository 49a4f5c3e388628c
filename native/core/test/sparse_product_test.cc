#include "core/linalg/sparse_product.h"

#include <cmath>

#include "core/random.h"
#include "core/test/check.h"  // last: see there
#include "core/test/pairs.h"

using namespace sparring;
using namespace sparring::test;

namespace {

// A drawn matrix of which so many values are something else than 0.
at::Tensor mostly_zeros(const Shape& sizes, double share, const at::TensorOptions& options,
                        at::Generator& generator) {
  const at::Tensor kept = at::rand(sizes, generator, options) < share;
  return at::randn(sizes, generator, options) * kept;
}

template <class T>
SparseMatrix<T> without_zeros(const at::Tensor& matrix) {
  const auto values = matrix.accessor<T, 2>();
  SparseMatrix<T> sparse{{}, {0}};
  for (int64_t row = 0; row < matrix.size(0); ++row) {
    for (int32_t column = 0; column < matrix.size(1); ++column) {
      if (values[row][column] != 0) sparse.terms.push_back({column, values[row][column]});
    }
    sparse.bounds.push_back(static_cast<int32_t>(sparse.terms.size()));
  }
  return sparse;
}

template <class T>
void multiply(const at::Tensor& a, const at::Tensor& b, const at::Tensor& to, bool accumulate) {
  sparse_product(without_zeros<T>(a), b.const_data_ptr<T>(), b.size(1), to.mutable_data_ptr<T>(),
                 accumulate);
}

}  // namespace

TEST_CASE_TEMPLATE("sparse products equal at::mm, of every width, and can be added up", T, float,
                   double) {
  const auto options = at::TensorOptions(c10::CppTypeToScalarType<T>::value);
  const double bound = std::is_same_v<T, float> ? 2e-5 : 1e-13;
  RandomStream stream(7);
  for (const int64_t rows : {1, 7, 200}) {
    for (const int64_t inner : {0, 1, 96, 300}) {
      for (const int64_t width : {1, 2, 15, 16, 17, 63, 64, 65, 112, 784}) {
        CAPTURE(rows);
        CAPTURE(inner);
        CAPTURE(width);
        const at::Tensor a = mostly_zeros({rows, inner}, 0.2, options, stream.cpu());
        const at::Tensor b = at::randn({inner, width}, stream.cpu(), options);
        const at::Tensor expected = at::mm(a.to(at::kDouble), b.to(at::kDouble));
        const at::Tensor out = at::full({rows, width}, NAN, options);
        multiply<T>(a, b, out, /*accumulate=*/false);
        CHECK(distance(out.to(at::kDouble), expected) < bound);
        multiply<T>(a, b, out, /*accumulate=*/true);
        CHECK(distance(out.to(at::kDouble), 2 * expected) < bound);
      }
    }
  }
}

TEST_CASE("NaN and infinity go through a sparse product") {
  const auto options = at::TensorOptions(at::kDouble);
  at::Tensor a = at::zeros({2, 5}, options);
  a[0][1] = NAN, a[1][4] = INFINITY;
  const at::Tensor out = at::empty({2, 20}, options);
  multiply<double>(a, at::ones({5, 20}, options), out, /*accumulate=*/false);
  CHECK(out[0].isnan().all().item<bool>());
  CHECK(out[1].isinf().all().item<bool>());
}
