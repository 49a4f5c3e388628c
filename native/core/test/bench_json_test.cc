#include <limits>

#include "bench/json.h"
#include "core/test/check.h"  // last: see there

using sparring::json_number;

TEST_CASE("a loss that is no number is null in the benchmark's answer") {
  CHECK(json_number(0.693147) == "0.693147");
  CHECK(json_number(-1.5e-12) == "-1.5e-12");
  using Limits = std::numeric_limits<double>;
  for (const double none : {Limits::quiet_NaN(), Limits::infinity(), -Limits::infinity()}) {
    CHECK(json_number(none) == "null");
  }
}
