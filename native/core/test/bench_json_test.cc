#include <limits>

#include "bench/json.h"
#include "core/test/check.h"  // last: see there

using sparring::json_number;
using sparring::json_text;

TEST_CASE("a loss that is no number is null in the benchmark's answer") {
  CHECK(json_number(0.693147) == "0.693147");
  CHECK(json_number(-1.5e-12) == "-1.5e-12");
  using Limits = std::numeric_limits<double>;
  for (const double none : {Limits::quiet_NaN(), Limits::infinity(), -Limits::infinity()}) {
    CHECK(json_number(none) == "null");
  }
}

TEST_CASE("a reason is a text of the benchmark's answer, whatever it quotes") {
  CHECK(json_text("no memory") == R"("no memory")");
  CHECK(json_text("a \"b\\c\"\n") == R"("a \"b\\c\"\u000a")");
  CHECK(json_text("größer") == "\"größer\"");
}
