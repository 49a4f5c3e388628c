// How many batches are on their way at a time, by events that only note who waited for them. That
// they arrive as they were sent needs a GPU (native/cuda/test).
#include "core/data/uploads.h"

#include "core/test/check.h"  // last: see there

using namespace sparring;

namespace {

struct Noted {
  int number;
  std::vector<int>* waited;
  void synchronize() { waited->push_back(number); }
};

}  // namespace

TEST_CASE("one more than may be under way waits for the first, and for no other") {
  std::vector<int> waited;
  UnderWay<Noted> uploads(3);
  for (int i = 0; i < 3; ++i) {
    uploads.make_room();
    uploads.add({i, &waited});
  }
  CHECK(waited.empty());
  uploads.make_room();
  CHECK(waited == std::vector<int>{0});
  uploads.make_room();
  CHECK(waited == std::vector<int>{0});
  uploads.add({3, &waited});
  uploads.make_room();
  CHECK(waited == std::vector<int>{0, 1});
}

TEST_CASE("on the CPU a batch is where it is to be") {
  const at::Tensor values = at::arange(6, at::kByte);
  CHECK(Uploads().to(values, at::kCPU).is_same(values));
}
