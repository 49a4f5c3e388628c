// The core's tests. With SPARRING_FENCES set all tensors of all tests lie before fences: loops that
// run over an end are found without a sanitizer's build, libtorch's included.
#define DOCTEST_CONFIG_IMPLEMENT
#include <ATen/Context.h>
#include <doctest/doctest.h>

#include <cstdlib>
#include <optional>

#include "core/test/fenced_memory.h"

namespace {

// Each test draws the same numbers, whichever ran before it in its process.
struct SameNumbers : doctest::IReporter {
  explicit SameNumbers(const doctest::ContextOptions& /*options*/) {}
  void test_case_start(const doctest::TestCaseData& /*test*/) override { at::manual_seed(1); }
  void report_query(const doctest::QueryData& /*query*/) override {}
  void test_run_start() override {}
  void test_run_end(const doctest::TestRunStats& /*stats*/) override {}
  void test_case_reenter(const doctest::TestCaseData& /*test*/) override {}
  void test_case_end(const doctest::CurrentTestCaseStats& /*stats*/) override {}
  void test_case_exception(const doctest::TestCaseException& /*error*/) override {}
  void subcase_start(const doctest::SubcaseSignature& /*subcase*/) override {}
  void subcase_end() override {}
  void log_assert(const doctest::AssertData& /*data*/) override {}
  void log_message(const doctest::MessageData& /*message*/) override {}
  void test_case_skipped(const doctest::TestCaseData& /*test*/) override {}
};

}  // namespace

REGISTER_LISTENER("sameNumbers", 1, SameNumbers);

int main(int count, char** arguments) {
  doctest::Context context(count, arguments);
  std::optional<sparring::test::FencedMemory> fenced;
  if (std::getenv("SPARRING_FENCES") != nullptr) {
    fenced.emplace();
    // They have allocators of their own.
    context.addFilter("source-file-exclude", "*memory_test.cc");
  }
  return context.run();
}
