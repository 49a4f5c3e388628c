// Others that do not answer any more: nobody waits for them longer than the timeout, and nothing
// holds up a process that ends.
#include <functional>
#include <future>
#include <thread>

#include "core/distributed/connection.h"
#include "core/error.h"
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

// As where both hang with the process of rank 0.
TEST_CASE("a rank that is silent with the store is named once the timeout is over") {
  const auto store = make_store();
  Cable cable(store->getPort());
  // Longer than a roll call is waited for.
  const std::chrono::seconds timeout(9);
  const auto join = [timeout](int64_t rank, uint16_t port) {
    return Group::join({"127.0.0.1", port, /*has_agent=*/true, "test"}, {rank, 2, timeout, {}, {}});
  };
  auto other = std::async(std::launch::async, join, 0, store->getPort());
  const std::shared_ptr<Group> one = join(1, cable.port), zero = other.get();
  cable.cut();
  const auto start = std::chrono::steady_clock::now();
  std::string told;
  try {
    one->sum(at::ones({3}));
  } catch (const Error& error) {
    told = error.what();
  }
  const auto took = std::chrono::steady_clock::now() - start;
  cable.mend();
  CAPTURE(told);
  CHECK(told.rfind("Expected rank 0 to take part but received nothing: it has ended, or cannot be "
                   "reached, or took longer than 9 s (",
                   0) == 0);
  CHECK(took < timeout + std::chrono::seconds(4));
}

// Before it says anything, once it has come, and while it connects to the other.
TEST_CASE("a store that is cut off while ranks meet is waited for as long as the timeout") {
  for (const std::string when : {"before", "come", "connecting"}) {
    CAPTURE(when);
    const auto store = make_store();
    store->add("test/meetings", 1);
    store->set("test/1/hello/0", std::vector<uint8_t>{'2', '\n'});
    Cable cable(store->getPort());
    if (when == "before") cable.cut();
    const auto join = [port = cable.port]() -> std::string {
      try {
        Group::join({"127.0.0.1", port, /*has_agent=*/false, "test"},
                    {1, 2, std::chrono::seconds(2), {}, {}});
        return {};
      } catch (const Error& error) {
        return error.code() + ": " + error.what();
      }
    };
    auto told = std::async(std::launch::async, join);
    if (when != "before") await_word(*store, "test/1/hello/1");
    if (when == "connecting") {
      store->set("test/1/begun", std::vector<uint8_t>{'1'});
      std::this_thread::sleep_for(kMoment);
    }
    cable.cut();
    CHECK(told.wait_for(std::chrono::seconds(20)) == std::future_status::ready);
    // What it asked last is answered.
    cable.mend();
    const std::string place = "127.0.0.1:" + std::to_string(cable.port),
                      no_store = "Expected a store for MASTER_ADDR and MASTER_PORT but received " +
                                 place + " (no answer within 2 s)",
                      lack =
                          "Expected the store at MASTER_ADDR and MASTER_PORT, which rank 0 keeps, "
                          "to answer within 2 s but received nothing from " +
                          place + ": its process hangs, or its machine cannot be reached";
    CHECK(told.get() == "ERR_RANK: " + (when == "before" ? no_store : lack));
    if (when != "connecting") continue;
    // Nor does it come after all: whoever waits for it hears why. A store does not wake those who
    // wait for a word that was exchanged.
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!store->check({"test/1/failure"}) && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    const std::vector<uint8_t> failure = store->get("test/1/failure");
    CHECK(std::string(failure.begin(), failure.end()) ==
          "Expected all 2 ranks to take part but received an error of rank 1: " + lack);
  }
}
