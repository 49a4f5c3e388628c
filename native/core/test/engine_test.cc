#include "core/runtime/engine.h"

#include <atomic>
#include <chrono>
#include <future>
#include <string>

#include "core/test/check.h"  // last: see there

using sparring::Engine;

TEST_CASE("a stopped engine takes no work and may be stopped again") {
  Engine engine;
  engine.stop();
  CHECK_FALSE(engine.post([] { return false; }));
  engine.stop();
}

TEST_CASE("jobs of one slice run in the order in which they came, on one other thread") {
  Engine engine;
  std::string order;
  std::promise<std::thread::id> thread;
  for (const char name : {'a', 'b', 'c'}) {
    engine.post([&order, name] {
      order += name;
      return false;
    });
  }
  engine.post([&thread] {
    thread.set_value(std::this_thread::get_id());
    return false;
  });
  CHECK(thread.get_future().get() != std::this_thread::get_id());
  CHECK(order == "abc");
}

TEST_CASE("short work gets its turn between two slices of long work") {
  Engine engine;
  std::promise<void> posted, ended;
  std::string order;
  int slices = 0;
  engine.post([&, wait = posted.get_future().share()] {
    wait.wait();  // until the short job below stands in the queue
    order += 'l';
    return ++slices < 3;
  });
  engine.post([&] {
    order += 's';
    return false;
  });
  engine.post([&] {
    if (slices < 3) return true;
    ended.set_value();
    return false;
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
    return true;  // for ever
  });
  started.get_future().wait();
  engine.stop();
  const int seen = slices;
  CHECK(seen >= 1);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  CHECK(slices == seen);
}
