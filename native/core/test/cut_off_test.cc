// A process that ends while others do not answer any more: nothing may hold it up.
#include <functional>
#include <future>
#include <thread>

#include "core/distributed/connection.h"
#include "core/test/cable.h"
#include "core/test/check.h"  // last: see there

using namespace sparring;
using namespace sparring::test;

namespace {

constexpr std::chrono::milliseconds kMoment{500};

// A rank of two, in a process that can end.
class Rank {
 public:
  Rank(int64_t rank, uint16_t port) : rank_(rank), port_(port) {}

  std::shared_ptr<Group> join() const {
    const GroupOptions options{rank_, 2, std::chrono::seconds(20), {}, ending_};
    return Group::join({"127.0.0.1", port_, /*has_agent=*/true, "test"}, options);
  }

  // Whether `work`, which waits in vain from when `begun` returns, leaves within the time that an
  // exit may take.
  bool leaves(const std::function<void()>& work, const std::function<void()>& begun,
              const std::function<void()>& otherwise) const {
    std::string told;
    auto ended = std::async(std::launch::async, [&] {
      try {
        work();
      } catch (const std::exception& error) {
        told = error.what();
      }
    });
    begun();
    CHECK(ended.wait_for(kMoment) == std::future_status::timeout);
    *ending_ = true;
    const bool leaves = ended.wait_for(std::chrono::seconds(2)) == std::future_status::ready;
    otherwise();
    ended.get();
    if (leaves) CHECK(told == "The process or worker is ending: no work is taken any more");
    return leaves;
  }

 private:
  int64_t rank_;
  uint16_t port_;
  std::shared_ptr<std::atomic<bool>> ending_ = std::make_shared<std::atomic<bool>>(false);
};

}  // namespace

TEST_CASE("an end waits for no store that was cut off after it was reached") {
  const auto store = make_store();
  auto cable = std::make_unique<Cable>(store->getPort());
  const Rank rank(0, cable->port);
  const auto cut = [&] {
    await_word(*store, "test/1/hello/0");
    cable->cut();
  };
  CHECK(rank.leaves([&] { rank.join(); }, cut, [&] { cable.reset(); }));
}

TEST_CASE("an end waits for no rank that came, and then does not answer") {
  const auto store = make_store();
  const Rank rank(0, store->getPort());
  store->set("test/1/hello/1", std::vector<uint8_t>{'2', '\n'});
  // It has met the other by then.
  const auto begun = [&] { await_word(*store, "test/1/begun"); };
  CHECK(rank.leaves([&] { rank.join(); }, begun, [] {}));
}

TEST_CASE("an end waits for nobody in a sum, though the store was cut off as well") {
  const auto store = make_store();
  auto cable = std::make_unique<Cable>(store->getPort());
  const Rank zero(0, cable->port), one(1, store->getPort());
  auto other = std::async(std::launch::async, [&one] { return one.join(); });
  std::shared_ptr<Group> group = zero.join(), of_other = other.get();
  cable->cut();
  // Longer than until it looks in the store why the wait lasts.
  const bool leaves = zero.leaves([&group] { group->sum(at::ones({3})); },
                                  [] { std::this_thread::sleep_for(2 * kMoment); },
                                  [&of_other] { of_other.reset(); });
  CHECK(leaves);
  group.reset();
}
