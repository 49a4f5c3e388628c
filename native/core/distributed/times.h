// How often ranks look for each other, and how long they wait for an answer.
#pragma once

#include <chrono>

namespace sparring::distributed {

using Clock = std::chrono::steady_clock;

// The time between two looks at what nobody tells of.
constexpr std::chrono::milliseconds kGlance{20};
// The time between two looks in the store of one who waits, or is busy: whether the others wait for
// something else, or ask who is still there.
constexpr std::chrono::milliseconds kLook{1'000};
// The time that whoever waits in vain is left to notice it.
constexpr std::chrono::milliseconds kFarewell{200};
// The time after which a store that should have answered is taken for cut off.
constexpr std::chrono::milliseconds kAnswer{2'000};
// The time in which whoever is still there reports so, once a rank is lost or refused.
constexpr std::chrono::milliseconds kRollCall{3'000};
// The time after it that whoever keeps the store leaves the others to read there: those who were
// busy began a look later.
constexpr std::chrono::milliseconds kHearing{2'000};
// The time in which a rank that cannot take part, and those who are to hear it, come to each other.
constexpr std::chrono::milliseconds kPatience{30'000};

}  // namespace sparring::distributed
