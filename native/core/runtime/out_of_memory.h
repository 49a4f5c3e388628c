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

// Whether it is that of a kernel of oneDNN's, which are made as they are needed. The thread that it
// came on makes no more of them, however much memory there is later.
bool ran_out_for_kernel(const std::exception_ptr& exception);

}  // namespace sparring
