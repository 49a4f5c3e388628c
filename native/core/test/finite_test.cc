#include "core/io/finite.h"

#include <cmath>
#include <limits>

#include "core/test/check.h"  // last: see there
#include "core/torch.h"

using namespace sparring;

TEST_CASE("tensors with NaN or infinity are found, wherever in them it is, in any dtype") {
  const double infinity = std::numeric_limits<double>::infinity();
  // More than one vector of the processor, and a rest.
  const int64_t count = 10007;
  for (const at::ScalarType type : {at::kDouble, at::kFloat, at::kHalf, at::kBFloat16}) {
    for (const double bad : {infinity, -infinity, std::nan("")}) {
      for (const int64_t place : {int64_t{0}, count / 2, count - 1}) {
        CAPTURE(toString(type));
        CAPTURE(bad);
        const at::Tensor sound = at::randn({count}, type), spoilt = sound.clone();
        spoilt[place] = bad;
        CHECK(not_finite({{"a", sound}, {"b", spoilt}, {"c", sound}}) == std::vector<int64_t>{1});
      }
    }
  }
}

TEST_CASE(
    "what is finite: the largest float, nothing at all, whole numbers; not what no float holds") {
  const at::Tensor largest = at::full({3}, std::numeric_limits<float>::max());
  const at::Tensor larger = at::full({3}, 1e39, at::kDouble);
  const at::Tensor counts = at::full({2}, std::numeric_limits<int64_t>::max(), at::kLong);
  CHECK(not_finite({{"a", largest}, {"b", at::empty({0})}, {"c", counts}}).empty());
  CHECK(not_finite({{"a", largest}, {"b", -larger}, {"c", larger}}) == std::vector<int64_t>{1, 2});
}
