// What says that memory ran out. libtorch says it in several ways, and a step that has failed so
// can be tried again with less.
#pragma once

#include <exception>
#include <optional>
#include <string>

namespace sparring {

enum class MemoryOf { kHost, kDevice };

// The sentence for it, of an exception that says `message`.
std::string lack_of(MemoryOf memory, const std::string& message);

// Whose memory ran out; nothing where the exception says something else.
std::optional<MemoryOf> memory_that_ran_out(const std::exception& error);

}  // namespace sparring
