// The core's tests. With SPARRING_FENCES set all tensors of all tests lie before fences: loops that
// run over an end are found without a sanitizer's build, libtorch's included.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdlib>
#include <optional>

#include "core/test/fenced_memory.h"

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
