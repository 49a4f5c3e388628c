#include "core/runtime/engine.h"

#include <pthread.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/runtime/thread.h"
#include "core/test/check.h"  // last: see there
#include "core/test/stacks.h"

using namespace sparring::test;
using sparring::Engine;
using sparring::preparations;
using Then = Engine::Then;

TEST_CASE("a stopped engine takes no work and may be stopped again") {
  Engine engine;
  engine.stop();
  CHECK_FALSE(engine.post([] { return Then::kDone; }));
  engine.stop();
}

TEST_CASE("jobs of one slice run in the order in which they came, on one other thread") {
  Engine engine;
  std::string order;
  std::promise<std::thread::id> thread;
  for (const char name : {'a', 'b', 'c'}) {
    engine.post([&order, name] {
      order += name;
      return Then::kDone;
    });
  }
  engine.post([&thread] {
    thread.set_value(std::this_thread::get_id());
    return Then::kDone;
  });
  CHECK(thread.get_future().get() != std::this_thread::get_id());
  CHECK(order == "abc");
}

TEST_CASE("another thread goes on after a slice that asks for it, in the same order") {
  Engine engine;
  std::string order;
  std::vector<std::thread::id> threads;
  std::promise<void> posted, ended;
  const auto note = [&](char name) {
    order += name;
    threads.push_back(std::this_thread::get_id());
  };
  engine.post([&, wait = posted.get_future().share(), slices = 0]() mutable {
    wait.wait();  // until all stand in the queue
    note('l');
    if (++slices == 1) engine.change_thread();
    return slices < 3 ? Then::kAgain : Then::kDone;
  });
  for (const char name : {'a', 'b', 'c'}) {
    engine.post([&, name] {
      note(name);
      if (name == 'b') engine.change_thread();
      return Then::kDone;
    });
  }
  engine.post([&] {
    if (order.size() < 6) return Then::kAgain;
    ended.set_value();
    return Then::kDone;
  });
  posted.set_value();
  ended.get_future().wait();
  engine.stop();
  CHECK(order == "labcll");
  REQUIRE(threads.size() == 6);
  CHECK(threads[0] != threads[1]);
  CHECK(threads[1] == threads[2]);
  CHECK(threads[2] != threads[3]);
  CHECK(threads[3] == threads[5]);
}

// As a GPU's stream is: of one thread at a time, and the work on it goes on in order.
TEST_CASE("a thread that goes on is prepared as the one before it was, once that one has ended") {
  Engine engine;
  std::string order;
  std::promise<void> ended;
  struct Note {
    ~Note() { *order += "left "; }
    std::string* order;
  };
  const auto prepare = [&order] {
    thread_local Note note;
    note.order = &order;
    order += "prepared ";
  };
  engine.post([&] {
    prepare();
    preparations().push_back(prepare);
    engine.change_thread();
    return Then::kDone;
  });
  engine.post([&] {
    order += "went on ";
    ended.set_value();
    return Then::kDone;
  });
  ended.get_future().wait();
  engine.stop();
  CHECK(order == "prepared left prepared went on left ");
}

TEST_CASE("an engine that is to change its thread stops as any other does") {
  for (int i = 0; i < 50; ++i) {
    Engine engine;
    engine.post([&] {
      engine.change_thread();
      return Then::kAgain;  // for ever
    });
    if (i % 2 == 0) std::this_thread::yield();
    engine.stop();
    CHECK_FALSE(engine.post([] { return Then::kDone; }));
  }
}

TEST_CASE("short work gets its turn between two slices of long work") {
  Engine engine;
  std::promise<void> posted, ended;
  std::string order;
  int slices = 0;
  engine.post([&, wait = posted.get_future().share()] {
    wait.wait();  // until the short job below stands in the queue
    order += 'l';
    return ++slices < 3 ? Then::kAgain : Then::kDone;
  });
  engine.post([&] {
    order += 's';
    return Then::kDone;
  });
  engine.post([&] {
    if (slices < 3) return Then::kAgain;
    ended.set_value();
    return Then::kDone;
  });
  posted.set_value();
  ended.get_future().wait();
  CHECK(order == "lsll");
}

TEST_CASE("stopping waits for the running slice and drops the rest") {
  Engine engine;
  std::promise<void> started;
  std::atomic<int> slices = 0;
  engine.post([&] {
    if (slices == 0) started.set_value();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    ++slices;
    return Then::kAgain;  // for ever
  });
  started.get_future().wait();
  engine.stop();
  const int seen = slices;
  CHECK(seen >= 1);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  CHECK(slices == seen);
}

TEST_CASE("a slice that waits is not run until wake(), and the thread is free for others") {
  Engine engine;
  std::atomic<int> looked = 0;
  std::atomic<bool> there = false;
  std::promise<void> waiting, other, ended;
  engine.post([&] {
    if (looked++ == 0) waiting.set_value();
    if (!there) return Then::kWait;
    ended.set_value();
    return Then::kDone;
  });
  waiting.get_future().wait();
  engine.post([&] {
    other.set_value();
    return Then::kDone;
  });
  other.get_future().wait();
  CHECK(looked == 1);
  there = true;
  engine.wake();
  ended.get_future().wait();
  CHECK(looked == 2);
}

TEST_CASE("wake() while the slice still runs is not lost") {
  Engine engine;
  std::promise<void> ended;
  int looked = 0;
  engine.post([&] {
    if (++looked == 2) {
      ended.set_value();
      return Then::kDone;
    }
    engine.wake();  // between its look and its return, as another thread would
    return Then::kWait;
  });
  ended.get_future().wait();
  CHECK(looked == 2);
}

TEST_CASE("stopping drops what waits") {
  Engine engine;
  const auto held = std::make_shared<int>(1);
  std::promise<void> waiting;
  engine.post([&waiting, held] {
    if (held.use_count() > 0) waiting.set_value();
    return Then::kWait;
  });
  waiting.get_future().wait();
  engine.stop();
  CHECK(held.use_count() == 1);
}

namespace {

size_t stack_of_this_thread() {
  pthread_attr_t own;
  size_t bytes = 0;
  if (pthread_getattr_np(pthread_self(), &own) != 0) return 0;
  pthread_attr_getstacksize(&own, &bytes);
  pthread_attr_destroy(&own);
  return bytes;
}

}  // namespace

TEST_CASE("its stack, and that of threads made later, is large enough under a small limit") {
  constexpr size_t kSmall = 64 << 10, kLarge = 16 << 20;
  for (const auto& [limit, least] : {std::pair(kSmall, kUsualStack), std::pair(kLarge, kLarge)}) {
    give_stacks(limit);
    Engine engine;
    std::promise<size_t> bytes;
    engine.post([&bytes] {
      bytes.set_value(stack_of_this_thread());
      return Then::kDone;
    });
    CHECK(bytes.get_future().get() >= least);
    size_t later = 0;
    std::thread([&later] { later = stack_of_this_thread(); }).join();
    CHECK(later >= least);
  }
  give_stacks(kUsualStack);
}

TEST_CASE("a job for which there is no thread is refused, and not kept for the next one") {
  Engine engine;
  std::string done;
  const auto refused = [&] {
    const NoThreads no_threads;
    engine.post([&done] {
      done += "refused";
      return Then::kDone;
    });
  };
  CHECK_THROWS_WITH_AS(refused(), doctest::Contains("Expected a thread for this work"),
                       sparring::Error);
  std::promise<void> ended;
  engine.post([&] {
    done += "taken";
    ended.set_value();
    return Then::kDone;
  });
  ended.get_future().wait();
  CHECK(done == "taken");
}
