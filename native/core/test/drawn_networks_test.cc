// The two executions against each other on networks that nobody chose: what a rewrite takes for its
// case has to be its case. A few of them; more for as long as SPARRING_FUZZ_SECONDS says, and one
// that failed again by SPARRING_FUZZ_SEED.
#include "core/test/drawn_networks.h"

#include <chrono>
#include <cstdlib>
#include <random>

#include "core/step/plan.h"
#include "core/test/check.h"  // last: see there
#include "core/test/drawn_training.h"
#include "core/test/pairs.h"

using namespace sparring;
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

TEST_CASE("a plan for evaluation equals the network's own for networks that were drawn: 1e-9") {
  for (uint32_t seed = 1; seed <= 200; ++seed) {
    Drawer draw(seed);
    const DrawnPair drawn = draw_pair(draw);
    const std::string layers = text_of(drawn.generator);
    CAPTURE(seed);
    CAPTURE(layers);
    RandomStream stream(seed);
    Network network(drawn.generator, at::kCPU, at::kDouble, stream);
    const int64_t width = drawn.labels == Labels::kNone ? 5 : 8;
    const at::Tensor latents = at::randn({6, width}, at::kDouble), labels = at::randint(3, {6});
    const Forward plan = plan_evaluation(network);
    // Running statistics that are no batch's, and weights that came after the plan was made.
    const at::NoGradGuard no_grad;
    for (int i = 0; i < 3; ++i) {
      network.body().forward(at::randn({6, width}, at::kDouble), {labels, &stream});
      for (const at::Tensor& one : network.parameters()) one.add_(at::randn_like(one) * 0.01);
    }
    const at::Tensor expected = network.evaluate(latents, labels);
    CHECK(distance(network.evaluate(latents, labels, plan), expected) < 1e-9);
    CHECK(network.body().is_training());
  }
}
