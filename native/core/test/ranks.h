// Ranks of a group as threads of this process, over Gloo on loopback.
#pragma once

#include <functional>

#include "core/distributed/group.h"

namespace sparring::test {

// A port that nobody listens on.
uint16_t free_port();

// Runs `work` as every rank of a group of `size`, each on a thread of its own; gives the message of
// the error that each ended with, empty for none.
std::vector<std::string> as_ranks(int64_t size,
                                  const std::function<void(const std::shared_ptr<Group>&)>& work,
                                  std::chrono::milliseconds timeout = std::chrono::seconds(20));

// as_ranks() with options of each rank's own.
std::vector<std::string> as_ranks_of(
    const std::vector<GroupOptions>& options,
    const std::function<void(const std::shared_ptr<Group>&)>& work);

}  // namespace sparring::test
