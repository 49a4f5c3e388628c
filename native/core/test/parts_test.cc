// Rows through a network, a part at a time.
#include "core/nn/parts.h"

#include <stdexcept>

#include "core/test/check.h"  // last: see there
#include "core/test/pairs.h"

using namespace sparring;
using namespace sparring::test;

TEST_CASE("a part's error is told though the network takes its present weights back no more") {
  RandomStream stream(3);
  Network network({linear("0", 2, 2)}, at::kCPU, at::kFloat, stream);
  Parts parts(kSampleBatch + 1);
  parts.next(network, [](int64_t, int64_t size) { return at::zeros({size, 2}); });
  const auto broken = [&network](int64_t, int64_t) -> at::Tensor {
    // As on a GPU that failed: what comes after its error fails, too.
    network.parameters()[0].set_data(at::zeros({1}));
    throw std::runtime_error("the GPU failed");
  };
  CHECK_THROWS_WITH(parts.next(network, broken), "the GPU failed");
}
