// What a contest times computes the same on both sides.
#include "core/contests/contest.h"

#include <set>

#include "core/test/check.h"  // last: see there

using namespace sparring;

TEST_CASE("in every contest ours rounds about as libtorch does") {
  std::set<std::string> names;
  for (const Contest& one : contests(2)) {
    CAPTURE(one.group);
    CAPTURE(one.name);
    const Outcome outcome = hold(one, /*turns=*/2, /*seconds=*/0);
    CHECK(outcome.ours.size() == 2);
    CHECK(outcome.theirs.size() == 2);
    for (const double seconds : outcome.ours) CHECK(seconds > 0);
    // Tiles of 4x4 have factors of up to 8.
    CHECK(outcome.our_error < 16 * outcome.their_error + 1e-9);
    CHECK(outcome.their_error > 0);
    CHECK(outcome.their_error < (one.group == "bfloat16" ? 1e-2 : 1e-5));
    CHECK(one.flops > 0);
    CHECK(names.insert(one.group + one.name).second);
  }
  CHECK(names.size() >= 24);
}
