// Ranks in a process for which the system has no more threads.
#include <chrono>
#include <future>
#include <thread>

#include "core/error.h"
#include "core/test/check.h"  // last: see there
#include "core/test/ranks.h"
#include "core/test/stacks.h"

using namespace sparring;
using namespace sparring::test;

TEST_CASE("a rank that gets no thread to meet the others by is told so") {
  const Meeting meeting{"127.0.0.1", free_port(), false, "test"};
  const NoThreads no_threads;
  std::string code;
  try {
    Group::join(meeting, {});
  } catch (const Error& error) {
    code = error.code();
  }
  CHECK(code == "ERR_MEMORY");
}

TEST_CASE("a rank that gets no thread to ask by why a wait lasts goes on waiting") {
  const auto errors = as_ranks(2, [](const std::shared_ptr<Group>& group) {
    group->sum(at::ones({1}));
    if (group->rank() == 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1'500));
      group->sum(at::ones({1}));
    } else {
      const NoThreads no_threads;
      group->sum(at::ones({1}));
    }
  });
  CHECK(errors == std::vector<std::string>(2));
}

TEST_CASE("a rank leaves what is under way, though nobody can wait for the others in its place") {
  std::promise<void> left;
  const auto start = std::chrono::steady_clock::now();
  const auto errors = as_ranks(2, [&left](const std::shared_ptr<Group>& group) {
    group->sum(at::ones({1}));
    if (group->rank() == 0) return left.get_future().wait();
    const std::shared_ptr<void> tell(nullptr, [&left](void*) { left.set_value(); });
    group->begin_sum(at::ones({3}));
    const NoThreads no_threads;
    group->leave();
  });
  CHECK(errors == std::vector<std::string>(2));
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(10));
}
