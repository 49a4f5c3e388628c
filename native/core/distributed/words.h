// What ranks say of each other, to a person and through a store; and how often they look.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "core/torch.h"

namespace sparring::distributed {

using Clock = std::chrono::steady_clock;

// Between two looks at what nobody tells of.
constexpr std::chrono::milliseconds kGlance{20};
// In which whoever is still there reports so, once a rank is lost or refused.
constexpr std::chrono::milliseconds kRollCall{3'000};

std::vector<uint8_t> to_bytes(const std::string& text);
std::string to_text(const std::vector<uint8_t>& bytes);

// A rank's key in a store.
std::string key(const char* what, int64_t rank);

// "rank 2", "ranks 2, 3"
std::string name(const std::vector<int64_t>& ranks);

// "1.5 s"
std::string seconds(std::chrono::milliseconds time);

// Of libtorch's message, which goes on with a backtrace and begins with a file.
std::string first_line(const std::exception& error);

}  // namespace sparring::distributed
