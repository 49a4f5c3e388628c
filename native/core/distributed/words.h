// What ranks say of each other, to a person and through a store.
#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <string>
#include <vector>

namespace sparring::distributed {

// Why a rank leaves that has lost nobody itself.
inline const std::string kLostElsewhere = "another rank has lost a connection";

std::vector<uint8_t> to_bytes(const std::string& text);
std::string to_text(const std::vector<uint8_t>& bytes);

// The key of one rank in a store.
std::string key(const char* what, int64_t rank);

// "rank 2", "ranks 2, 3"
std::string name(const std::vector<int64_t>& ranks);

// What the others are told where a rank fails alone.
std::string error_of(int64_t rank, int64_t ranks, const std::string& reason);

// What is told of ranks that do not take part any more, and by what that was noticed.
std::string absence_of(const std::vector<int64_t>& ranks, std::chrono::milliseconds timeout,
                       const std::string& reason);

// "1.5 s"
std::string seconds(std::chrono::milliseconds time);

// The first line of libtorch's message, which goes on with a backtrace and begins with a file.
std::string first_line(const std::exception& error);

}  // namespace sparring::distributed
