// The two executions against each other on networks that nobody chose: what a rewrite takes for its
// case has to be its case. A few of them; more for as long as SPARRING_FUZZ_SECONDS says, and one
// that failed again by SPARRING_FUZZ_SEED.
#include "core/test/drawn_networks.h"

#include <chrono>
#include <cstdlib>
#include <random>

#include "core/step/plan.h"
#include "core/test/check.h"  // last: see there
#include "core/test/drawn_rounding.h"
#include "core/test/drawn_training.h"
#include "core/test/pairs.h"

using namespace sparring;
using namespace sparring::test;

namespace {

// `check`: whether the pair of a seed says something; it checks of it what there is.
template <class Check>
void check_many(const Check& check, uint32_t few, uint32_t most_silent) {
  const char* const seconds = std::getenv("SPARRING_FUZZ_SECONDS");
  const char* const given = std::getenv("SPARRING_FUZZ_SEED");
  if (seconds == nullptr && given == nullptr) {
    uint32_t silent = 0;
    for (uint32_t seed = 1; seed <= few; ++seed) silent += !check(seed);
    CHECK(silent <= most_silent);
    return;
  }
  const auto end =
      std::chrono::steady_clock::now() + std::chrono::seconds(seconds ? std::atoi(seconds) : 0);
  uint32_t seed = given ? static_cast<uint32_t>(std::stoul(given)) : std::random_device()();
  int64_t tried = 0, silent = 0;
  do {
    silent += !check(seed++);
    tried += 1;
  } while (std::chrono::steady_clock::now() < end);
  MESSAGE(tried << " pairs, the last of seed " << seed - 1 << "; " << silent << " said nothing");
}

// A plan for evaluation equals the generator's own evaluation.
void check_evaluation(uint32_t seed, const DrawnPair& drawn) {
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

}  // namespace

TEST_CASE("fused equals eager for networks that were drawn: 1e-8") {
  check_many([](uint32_t seed) { return check_drawn(seed, at::kCPU); }, 400, 20);
}

TEST_CASE("fused equals eager for synthesis and blurs that were drawn: 1e-8") {
  check_many([](uint32_t seed) { return check_drawn(seed, at::kCPU, draw_styled_pair); }, 80, 8);
}

TEST_CASE(
    "fused equals eager for lists of calls with labels and dropout of networks that were drawn: "
    "1e-8") {
  check_many([](uint32_t seed) { return check_drawn(seed, at::kCPU, draw_dropping_pair); }, 100, 8);
}

TEST_CASE("ranks equal one process for networks that were drawn: 1e-9") {
  int64_t alike = 0;
  check_many(
      [&alike](uint32_t seed) {
        alike += check_ranks(seed);
        return true;
      },
      4, 0);
  MESSAGE(alike << " of them say something, and are alike");
  CHECK(alike > 60);
}

TEST_CASE("fused rounds no worse than eager for networks that were drawn") {
  check_many(check_rounding, 60, 20);
}

TEST_CASE("fused rounds no worse than eager for drawn networks that oneDNN or libtorch got wrong") {
  for (const uint32_t seed : {992, 1337, 100466, 100560}) CHECK(check_rounding(seed));
}

TEST_CASE("a plan for evaluation equals the network's own for networks that were drawn: 1e-9") {
  for (uint32_t seed = 1; seed <= 200; ++seed) {
    Drawer draw(seed), other(seed);
    check_evaluation(seed, draw_pair(draw));
    check_evaluation(seed, draw_styled_pair(other));
  }
}

TEST_CASE("a network that does not mix samples gives each its own score, drawn ones too: 1e-9") {
  int64_t mixing = 0, mixed = 0;
  for (uint32_t seed = 1; seed <= 300; ++seed) {
    Drawer draw(seed);
    const DrawnPair drawn = draw_pair(draw);
    const std::string layers = text_of(drawn.discriminator);
    CAPTURE(seed);
    CAPTURE(layers);
    RandomStream stream(seed);
    Network network(drawn.discriminator, at::kCPU, at::kDouble, stream);
    Shape shape = drawn.image;
    shape.insert(shape.begin(), 6);
    const at::Tensor images = at::randn(shape, at::kDouble), labels = at::randint(3, {6});
    const at::Tensor whole = network.evaluate(images, labels).narrow(0, 0, 2);
    const at::Tensor part = network.evaluate(images.narrow(0, 0, 2), labels.narrow(0, 0, 2));
    const bool differs = distance(part, whole) > 1e-9;
    CHECK((network.mixes_samples() || !differs));
    mixing += network.mixes_samples();
    mixed += differs;
  }
  // Not all that may do: nothing comes through a ReLU that is shut.
  CHECK(mixed > 2);
  CHECK(mixed > mixing * 3 / 4);
}
