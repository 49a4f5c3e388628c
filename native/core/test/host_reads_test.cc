// A step that reads a number waits for a GPU to have it, and cannot be recorded there.
#include <ATen/record_function.h>

#include <string_view>

#include "core/test/check.h"  // last: see there
#include "core/test/drawn_training.h"

using namespace sparring::test;

namespace {

thread_local std::vector<std::string_view> calls;
thread_local int64_t reads = 0;

// On the CPU alone these two read numbers: libtorch checks labels, and has a shorter way.
bool reads_on_cpu_alone(std::string_view name) {
  return name == "aten::one_hot" || name == "aten::std";
}

std::unique_ptr<at::ObserverContext> begin(const at::RecordFunction& call) {
  const bool is_free = !calls.empty() && reads_on_cpu_alone(calls.back());
  calls.emplace_back(call.name());
  reads += calls.back() == "aten::item" && !is_free;
  return nullptr;
}

void end(const at::RecordFunction&, at::ObserverContext*) { calls.pop_back(); }

}  // namespace

TEST_CASE("steps of networks that were drawn read no number") {
  for (uint32_t seed = 1; seed <= 100; ++seed) {
    CAPTURE(seed);
    const auto options = at::RecordFunctionCallback(begin, end).scopes({at::RecordScope::FUNCTION});
    reads = 0;
    const auto handle = at::addThreadLocalCallback(options);
    train_drawn(seed, [](Drawer& draw) { return draw_pair(draw); });
    if (seed <= 20) train_drawn(seed, draw_styled_pair);
    at::removeCallback(handle);
    CHECK(reads == 0);
  }
}
