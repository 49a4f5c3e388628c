// Products in bfloat16: of small whole numbers, which it holds exactly, they equal float64 to the
// last bit. Where there are no tiles, plain loops multiply.
#include "core/linalg/rounded_product.h"

#include <ATen/Parallel.h>

#include "core/linalg/product.h"
#include "core/options.h"
#include "core/test/check.h"  // last: see there
#include "core/test/fenced_memory.h"

using namespace sparring;

namespace {

at::Tensor whole(const Shape& shape) { return at::randint(-2, 3, shape, at::kFloat); }

// In rows, in rows that are apart, in columns, and in neither.
std::vector<at::Tensor> layouts(const at::Tensor& matrix) {
  const at::Tensor wide = at::cat({matrix, matrix}, 1);
  wide.narrow(1, matrix.size(1), matrix.size(1)).zero_();
  return {matrix, wide.narrow(1, 0, matrix.size(1)), matrix.t().contiguous().t(),
          at::stack({matrix, matrix}, 2).select(2, 0)};
}

void check_product(const Shape& size) {
  const at::Tensor a = whole({size[0], size[1]}), b = whole({size[1], size[2]});
  const at::Tensor exact = at::mm(a.to(at::kDouble), b.to(at::kDouble));
  const at::Tensor before = whole({size[0], size[2]});
  for (const at::Tensor& left : layouts(a)) {
    for (const at::Tensor& right : layouts(b)) {
      const at::Tensor out = at::full({size[0], size[2]}, NAN);
      rounded_product(out, left, right);
      CHECK(at::equal(out.to(at::kDouble), exact));
      out.copy_(before);
      rounded_product(out, left, right, /*accumulate=*/true);
      CHECK(at::equal(out.to(at::kDouble), exact + before.to(at::kDouble)));
    }
  }
}

}  // namespace

TEST_CASE("products in bfloat16 equal float64 exactly where it holds the numbers") {
  at::manual_seed(0);
  const test::FencedMemory fenced;
  const int before = at::get_num_threads();
  for (const int threads : {1, 2, 5}) {
    at::set_num_threads(threads);
    // A weight on either side, whole tiles and none, an odd number of inner values, and what fills
    // no tile.
    for (const Shape& size : std::vector<Shape>{{16, 16, 16},
                                                {64, 300, 400},
                                                {20, 257, 130},
                                                {300, 64, 270},
                                                {33, 31, 17},
                                                {64, 100, 1},
                                                {3, 40, 50},
                                                {40, 7, 50}}) {
      CAPTURE(threads);
      CAPTURE(size);
      check_product(size);
    }
  }
  at::set_num_threads(before);
}

TEST_CASE("a product in bfloat16 rounds its factors, and not its sums") {
  at::manual_seed(1);
  const at::Tensor a = at::randn({64, 512}), b = at::randn({512, 96});
  const auto rounded = [](const at::Tensor& one) { return one.to(at::kBFloat16).to(at::kDouble); };
  const at::Tensor exact = at::mm(rounded(a), rounded(b)), out = at::empty({64, 96});
  rounded_product(out, a, b);
  CHECK((out.to(at::kDouble) - exact).abs().max().item<double>() < 1e-4);
  // Float64 is not rounded.
  const at::Tensor whole = at::empty({64, 96}, at::kDouble);
  rounded_product(whole, a.to(at::kDouble), b.to(at::kDouble));
  CHECK(at::allclose(whole, at::mm(a.to(at::kDouble), b.to(at::kDouble))));
}
