// What is done with a graph when its recording goes wrong: by one that only takes it down.
#include "cuda/capture.h"

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>

#include "core/test/check.h"  // last: see there

using namespace sparring;

namespace {

struct Noted {
  std::string calls, wrong;  // what was called; what will not go well
  void begin() { note("begin"); }
  void end() { note("end"); }
  void give_up() { note("give up"); }
  void note(const std::string& call) {
    calls += (calls.empty() ? "" : ", ") + call;
    if (wrong.find(call) != std::string::npos) throw std::runtime_error(call + " failed");
  }
};

std::string calls_of(const std::string& wrong, const std::string& error) {
  Noted graph{"", wrong};
  const auto record = [&graph] { capture(graph, [&graph] { graph.note("work"); }); };
  if (error.empty()) {
    record();
  } else {
    CHECK_THROWS_WITH_AS(record(), error.c_str(), std::runtime_error);
  }
  return graph.calls;
}

// A generator's state, as libtorch had it up to 2.12 and has it since.
struct Knowing {
  std::set<const Noted*> registered_graphs_;
};
struct Ignorant {};

template <class State>
using States = std::map<std::shared_ptr<State>, uint64_t>;

}  // namespace

TEST_CASE("a recording that was begun is ended once, and given up if anything went wrong") {
  CHECK(calls_of("", "") == "begin, work, end");
  CHECK(calls_of("begin", "begin failed") == "begin, give up");
  CHECK(calls_of("work", "work failed") == "begin, work, end, give up");
  CHECK(calls_of("end", "end failed") == "begin, work, end, give up");
}

TEST_CASE("of a recording that broke the first error is told") {
  CHECK(calls_of("work, end", "work failed") == "begin, work, end, give up");
}

TEST_CASE("while one thread records no other replays, and replays go side by side") {
  Turns turns;
  std::atomic<bool> replayed = false;
  std::thread other;
  turns.alone([&] {
    other = std::thread([&] { turns.beside_others([&] { replayed = true; }); });
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    CHECK_FALSE(replayed);
  });
  other.join();
  CHECK(replayed);
  std::atomic<bool> recorded = false;
  turns.beside_others([&] {
    std::thread([&] { turns.beside_others([] {}); }).join();
    other = std::thread([&] { turns.alone([&] { recorded = true; }); });
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    CHECK_FALSE(recorded);
  });
  other.join();
  CHECK(recorded);
}

TEST_CASE("a graph names no generator that does not know it") {
  const Noted graph;
  const auto known = std::make_shared<Knowing>();
  known->registered_graphs_.insert(&graph);
  States<Knowing> states{{known, 0}, {std::make_shared<Knowing>(), 0}};
  forget_strangers(states, &graph);
  REQUIRE(states.size() == 1);
  CHECK(states.begin()->first == known);
  States<Ignorant> later{{std::make_shared<Ignorant>(), 0}};
  forget_strangers(later, &graph);
  CHECK(later.size() == 1);
}
