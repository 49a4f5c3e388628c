// How many batches are on their way at a time, by events that only note who waited for them. That
// they arrive as they were sent needs a GPU (native/cuda/test).
#include "core/data/uploads.h"

#include "core/runtime/cuda.h"
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
  Arrivals<Noted> arrivals(3, 100);
  for (int i = 0; i < 3; ++i) {
    arrivals.make_room(1);
    arrivals.add(1, {i, &waited});
  }
  CHECK(waited.empty());
  arrivals.make_room(1);
  CHECK(waited == std::vector<int>{0});
  arrivals.make_room(1);
  CHECK(waited == std::vector<int>{0});
  arrivals.add(1, {3, &waited});
  arrivals.make_room(1);
  CHECK(waited == std::vector<int>{0, 1});
}

TEST_CASE("more bytes than may be under way wait for the first ones, and two batches never do") {
  std::vector<int> waited;
  Arrivals<Noted> arrivals(8, 100);
  const auto send = [&](int number, size_t bytes) {
    arrivals.make_room(bytes);
    arrivals.add(bytes, {number, &waited});
  };
  for (int i = 0; i < 4; ++i) send(i, 25);
  CHECK(waited.empty());
  send(4, 26);  // beside two of 25 bytes
  CHECK(waited == std::vector<int>{0, 1});
  send(5, 1000);  // beside the last
  CHECK(waited == std::vector<int>{0, 1, 2, 3});
  send(6, 1000);
  CHECK(waited == std::vector<int>{0, 1, 2, 3, 4});
  send(7, 1);
  CHECK(waited == std::vector<int>{0, 1, 2, 3, 4, 5});
  // What has come is forgotten: nobody waits for its bytes again.
  send(8, 1);
  send(9, 1);
  CHECK(waited == std::vector<int>{0, 1, 2, 3, 4, 5, 6});
  for (int i = 10; i < 14; ++i) send(i, 20);
  CHECK(waited == std::vector<int>{0, 1, 2, 3, 4, 5, 6});
}

TEST_CASE("on the CPU a batch is where it is to be") {
  const at::Tensor values = at::arange(6, at::kByte);
  CHECK(Uploads().to(values, at::kCPU).is_same(values));
}

TEST_CASE("only a lack of pinned memory is passed over, and no other error on the way to it") {
  if (cuda_obstacle() != CudaObstacle::kCpuBuild) return;  // no other has a known error
  const at::Tensor values = at::arange(6, at::kByte);
  CHECK_THROWS_WITH(Uploads().to(values, at::kCUDA), doctest::Contains("pin_memory"));
}
