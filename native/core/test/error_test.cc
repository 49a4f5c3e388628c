#include "core/error.h"

#include <stdexcept>

#include "core/test/check.h"  // last: see there
#include "core/torch.h"

using sparring::reason_of;

TEST_CASE("a reason is the first line of what libtorch says, without its advice and its stack") {
  try {
    TORCH_CHECK(false, "CUDA error: invalid argument\nFor debugging consider passing ...");
  } catch (const std::exception& error) {
    CHECK(std::string(error.what()).find("frame #0") != std::string::npos);
    CHECK(reason_of(error) == "CUDA error: invalid argument");
  }
  CHECK(reason_of(std::runtime_error("no kernel\nat all")) == "no kernel");
  CHECK(reason_of(std::runtime_error("")) == "");
}
