// What ranks that wait tell each other through a store.
#include "core/distributed/roll.h"

#include <atomic>
#include <optional>
#include <thread>
#include <torch/csrc/distributed/c10d/HashStore.hpp>

#include "core/distributed/words.h"
#include "core/test/check.h"  // last: see there

using namespace sparring;
using namespace sparring::distributed;

namespace {

class CountingStore : public c10d::HashStore {
 public:
  bool check(const std::vector<std::string>& keys) override {
    ++requests;
    return HashStore::check(keys);
  }
  std::vector<uint8_t> compareSet(const std::string& key, const std::vector<uint8_t>& expected,
                                  const std::vector<uint8_t>& desired) override {
    ++requests;
    return HashStore::compareSet(key, expected, desired);
  }
  void set(const std::string& key, const std::vector<uint8_t>& value) override {
    ++requests;
    HashStore::set(key, value);
  }
  int64_t requests = 0;
};

// Gone after so many questions.
class LeavingStore : public c10d::HashStore {
 public:
  bool check(const std::vector<std::string>& keys) override {
    TORCH_CHECK_WITH(DistNetworkError, left-- > 0, "Connection reset by peer");
    return HashStore::check(keys);
  }
  int64_t left = 0;
};

GroupOptions rank_of(int64_t rank, int64_t size) {
  return {rank, size, std::chrono::seconds(1), {}, {}};
}

}  // namespace

TEST_CASE("ranks that wait in one call ask the store as little, however many they are") {
  CountingStore store;
  constexpr int64_t kSize = 100;
  for (const Group::Begun place : {7, 8}) {
    for (int64_t rank = 0; rank < kSize; ++rank) {
      CHECK(find_failure(store, rank_of(rank, kSize), place, "run()").empty());
    }
  }
  CHECK(store.requests <= 2 * kSize * 3);
}

TEST_CASE("a rank that waits in another call than the first at that place hears which") {
  c10d::HashStore store;
  const GroupOptions first = rank_of(2, 3), second = rank_of(0, 3), third = rank_of(1, 3);
  CHECK(find_failure(store, first, 4, "save()").empty());
  CHECK(find_failure(store, second, 4, "run()") ==
        "Expected run(), as rank 0 is in it, for rank 2 but received save()");
  CHECK(find_failure(store, third, 4, "save()").empty());
  // Who is behind, or the first to be farther, is in no other call at the same place.
  CHECK(find_failure(store, second, 5, "run()").empty());
  CHECK(find_failure(store, first, 4, "save()").empty());
  CHECK(find_failure(store, first, 5, "save()") ==
        "Expected run(), as rank 0 is in it, for rank 2 but received save()");
  announce(store, "no such file");
  CHECK(find_failure(store, third, 5, "run()") == "no such file");
}

TEST_CASE("what failed is heard even where the store goes while a rank waits for others") {
  LeavingStore store;
  announce(store, "the disk is full");
  store.left = 5;
  const Roll roll = call_roll(store, rank_of(1, 3), false);
  CHECK(roll.is_store_gone);
  CHECK(roll.failure == "the disk is full");
}

// Rank 0 ends, and its store, once all have heard.
TEST_CASE(
    "who answers in the place of a rank that comes meanwhile does not say that it has heard") {
  c10d::HashStore store;
  std::atomic<bool> left = false;
  std::optional<Roll> roll;
  std::thread attendant([&] { roll = answer_roll(store, rank_of(1, 3), false, left); });
  while (!is_roll_called(store)) std::this_thread::yield();
  left = true;
  attendant.join();
  CHECK(!roll);
  CHECK(store.check({key("alive", 1)}));
  CHECK(!store.check({key("heard", 1)}));
}
