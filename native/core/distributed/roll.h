// Who is still there once something went wrong between ranks, and what it was.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <torch/csrc/distributed/c10d/Store.hpp>
#include <vector>

#include "core/distributed/group.h"

namespace sparring::distributed {

struct Roll {
  std::vector<int64_t> missing;  // have not reported, though it is time
  std::vector<int64_t> busy;     // nor have these; but their processes are there
  bool is_store_gone = false;
  std::string failure;  // the first that a rank told of itself, as a sentence; empty for none
};

// That of a rank of which nothing was heard.
Roll unheard(const GroupOptions& options);

// Tells all ranks, once each of them calls the roll, that something failed. The first word counts.
void announce(c10d::Store& store, const std::string& failure);
// What announce() told; empty as long as nothing was.
std::string announced(c10d::Store& store);

// Says that this rank waits in `call`, which has that place in the order of all that they do. Gives
// what failed: what a rank told of itself, or that it is in another call than the first one that
// waits there. Empty as long as all is well. It asks as little of the store of a thousand ranks as
// of that of two.
std::string find_failure(c10d::Store& store, const GroupOptions& options, Group::Begun place,
                         const std::string& call);

// Whether a rank waits for all to report.
bool is_roll_called(c10d::Store& store);

// Waits until all have reported, or it is time. Whoever keeps the store also waits until they have
// read what is there.
Roll call_roll(c10d::Store& store, const GroupOptions& options, bool keeps_store);

// Calls the roll, while ranks connect. Gives those of whom nothing is heard, not even by their
// attendants.
std::vector<int64_t> find_absent(c10d::Store& store, const GroupOptions& options,
                                 const std::function<bool()>& is_over);

// What a thread does in the place of a rank that is busy: says that its process is there, and waits
// in the same way. Nothing where the rank has `left` its work before that, and asks for itself.
std::optional<Roll> answer_roll(c10d::Store& store, const GroupOptions& options, bool keeps_store,
                                const std::atomic<bool>& left);

// What a rank that waits finds in the store.
struct Look {
  std::string failure;  // as find_failure() has it
  bool is_roll_called = false, is_store_gone = false;
};
Look look_in(c10d::Store& store, const GroupOptions& options, Group::Begun place,
             const std::string& call);

}  // namespace sparring::distributed
