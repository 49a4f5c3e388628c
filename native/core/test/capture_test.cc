// What is done with a graph when its recording goes wrong: by one that only takes it down.
#include "cuda/capture.h"

#include <stdexcept>
#include <string>

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
