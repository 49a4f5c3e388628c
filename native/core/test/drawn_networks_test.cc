// The two executions against each other on networks that nobody chose: what a rewrite takes for its
// case has to be its case. A few of them; more for as long as SPARRING_FUZZ_SECONDS says, and one
// that failed again by SPARRING_FUZZ_SEED.
#include <chrono>
#include <cstdlib>
#include <random>

#include "core/test/check.h"  // last: see there
#include "core/test/drawn_training.h"

using namespace sparring::test;

TEST_CASE("fused equals eager for networks that were drawn: 1e-8") {
  const char* const seconds = std::getenv("SPARRING_FUZZ_SECONDS");
  const char* const given = std::getenv("SPARRING_FUZZ_SEED");
  if (seconds == nullptr && given == nullptr) {
    int64_t silent = 0;
    for (uint32_t seed = 1; seed <= 400; ++seed) silent += !check_drawn(seed, at::kCPU);
    CHECK(silent < 20);
    return;
  }
  const auto end =
      std::chrono::steady_clock::now() + std::chrono::seconds(seconds ? std::atoi(seconds) : 0);
  uint32_t seed = given ? static_cast<uint32_t>(std::stoul(given)) : std::random_device()();
  int64_t tried = 0, silent = 0;
  do {
    silent += !check_drawn(seed++, at::kCPU);
    tried += 1;
  } while (std::chrono::steady_clock::now() < end);
  MESSAGE(tried << " pairs, the last of seed " << seed - 1 << "; " << silent << " said nothing");
}
