// Whom the ranks that are left name where another one is lost.
#include <chrono>
#include <future>
#include <thread>

#include "core/test/check.h"  // last: see there
#include "core/test/ranks.h"

using namespace sparring;
using namespace sparring::test;

namespace {

using Seconds = std::chrono::seconds;

bool names(const std::string& error, const std::string& ranks) {
  return error.rfind("Expected " + ranks + " to take part but received nothing", 0) == 0;
}

}  // namespace

// In Gloo's ring the neighbours of rank 0 are 1 and 3. They live, and are elsewhere.
TEST_CASE("a rank that is no neighbour of rank 0 hears by its store that it is gone") {
  std::promise<void> done;
  const std::shared_future<void> end = done.get_future().share();
  Seconds took{};
  const auto errors = as_ranks(4, [&](const std::shared_ptr<Group>& group) {
    group->sum(at::ones({1}));
    if (group->rank() == 0) return;
    if (group->rank() != 2) return end.wait();
    const std::shared_ptr<void> tell(nullptr, [&done](void*) { done.set_value(); });
    const auto start = std::chrono::steady_clock::now();
    try {
      group->sum(at::ones({1}));
    } catch (const std::exception&) {
      took = std::chrono::duration_cast<Seconds>(std::chrono::steady_clock::now() - start);
      throw;
    }
  });
  CAPTURE(errors[2]);
  CHECK(names(errors[2], "rank 0"));
  CHECK(took < Seconds(10));
}

TEST_CASE("ranks that are busy are not named beside one that is lost, and hear who it was") {
  std::promise<void> done;
  const std::shared_future<void> end = done.get_future().share();
  const auto errors = as_ranks(4, [&](const std::shared_ptr<Group>& group) {
    group->sum(at::ones({1}));
    if (group->rank() == 3) return;
    const std::shared_ptr<void> tell(nullptr, [&](void*) {
      if (group->rank() == 2) done.set_value();
    });
    if (group->rank() < 2) end.wait();
    group->sum(at::ones({1}));
  });
  for (size_t rank = 0; rank < 3; ++rank) {
    CAPTURE(errors[rank]);
    CHECK(names(errors[rank], "rank 3"));
  }
}

// Rank 0 keeps the store, which goes with it.
TEST_CASE("a rank that was busy when rank 0 failed, and ended, hears what failed") {
  std::promise<void> done[2];
  const auto errors = as_ranks(3, [&](const std::shared_ptr<Group>& group) {
    group->sum(at::ones({1}));
    const std::shared_ptr<void> tell(nullptr, [&, rank = group->rank()](void*) {
      if (rank != 2) done[rank].set_value();
    });
    if (group->rank() == 0) return group->abandon("the disk is full");
    if (group->rank() == 2) {
      for (std::promise<void>& one : done) one.get_future().wait();
      // Until the group of rank 0 is gone, too.
      std::this_thread::sleep_for(Seconds(1));
    }
    group->sum(at::ones({1}));
  });
  const std::string told =
      "Expected all 3 ranks to take part but received an error of rank 0: the disk is full";
  CHECK(errors[1] == told);
  CHECK(errors[2] == told);
}

TEST_CASE("a rank that is busy for longer than the timeout is named, as nobody is lost") {
  std::promise<void> done[2];
  const auto errors = as_ranks(
      3,
      [&](const std::shared_ptr<Group>& group) {
        group->sum(at::ones({1}));
        const int64_t rank = group->rank();
        if (rank == 1) {
          for (std::promise<void>& one : done) one.get_future().wait();
          return;
        }
        const std::shared_ptr<void> tell(nullptr,
                                         [&](void*) { done[rank == 0 ? 0 : 1].set_value(); });
        group->sum(at::ones({1}));
      },
      Seconds(2));
  for (const size_t rank : {0, 2}) {
    CAPTURE(errors[rank]);
    CHECK(names(errors[rank], "rank 1"));
  }
}
