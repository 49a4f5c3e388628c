#include "core/distributed/roll.h"

#include <algorithm>
#include <thread>

#include "core/distributed/times.h"
#include "core/distributed/words.h"

namespace sparring::distributed {
namespace {

// Keys of the store: the first failure that a rank told of; of each rank that it is there, and that
// it has read what it has to know.
const std::string kFailure = "failure";
const char* const kPresent = "present";
// That a rank asks for it.
const std::string kAsked = "roll";
const char* const kHeard = "heard";
// Where it waits, once that takes long: the place, and the call.
const char* const kWaits = "waits";

std::vector<int64_t> others(const GroupOptions& options) {
  std::vector<int64_t> all;
  for (int64_t other = 0; other < options.size; ++other) {
    if (other != options.rank) all.push_back(other);
  }
  return all;
}

// The call in which a rank waits at that place; empty where nothing is known of it.
std::string call_at(c10d::Store& store, int64_t rank, const std::string& place) {
  if (!store.check({key(kWaits, rank)})) return {};
  const std::string text = to_text(store.get(key(kWaits, rank)));
  const size_t end = text.find('\n');
  return text.substr(0, end) == place ? text.substr(end + 1) : std::string();
}

// Leaves those of the ranks who have not said `what` when it is time; or when the store is gone,
// which throws.
void wait_for(c10d::Store& store, const char* what, std::vector<int64_t>& ranks,
              const GroupOptions& options, Clock::time_point deadline) {
  for (;;) {
    for (auto one = ranks.begin(); one != ranks.end();) {
      one = store.check({key(what, *one)}) ? ranks.erase(one) : one + 1;
    }
    if (ranks.empty() || Clock::now() >= deadline || (options.ending && *options.ending)) return;
    std::this_thread::sleep_for(kGlance);
  }
}

}  // namespace

Roll unheard(const GroupOptions& options) { return {others(options), /*is_store_gone=*/true, {}}; }

void announce(c10d::Store& store, const std::string& failure) {
  store.compareSet(kFailure, {}, to_bytes(failure));
}

std::string announced(c10d::Store& store) {
  return store.check({kFailure}) ? to_text(store.get(kFailure)) : std::string();
}

bool is_roll_called(c10d::Store& store) { return store.check({kAsked}); }

std::string find_failure(c10d::Store& store, const GroupOptions& options, const std::string& place,
                         const std::string& call) {
  if (const std::string failure = announced(store); !failure.empty()) return failure;
  store.set(key(kWaits, options.rank), to_bytes(place + "\n" + call));
  for (const int64_t other : others(options)) {
    const std::string theirs = call_at(store, other, place);
    if (theirs.empty() || theirs == call) continue;
    const bool is_later = options.rank > other;
    return "Expected " + (is_later ? theirs : call) + ", as " +
           name({std::min(options.rank, other)}) + " is in it, for " +
           name({std::max(options.rank, other)}) + " but received " + (is_later ? call : theirs);
  }
  return {};
}

Roll call_roll(c10d::Store& store, const GroupOptions& options, bool keeps_store) {
  Roll roll{others(options), false, {}};
  try {
    const auto deadline = Clock::now() + kRollCall;
    store.set(key(kPresent, options.rank), to_bytes("1"));
    store.set(kAsked, to_bytes("1"));
    wait_for(store, kPresent, roll.missing, options, deadline);
    roll.failure = announced(store);
    store.set(key(kHeard, options.rank), to_bytes("1"));
    if (keeps_store) {
      std::vector<int64_t> listening = others(options);
      const auto is_missing = [&missing = roll.missing](int64_t rank) {
        return std::find(missing.begin(), missing.end(), rank) != missing.end();
      };
      listening.erase(std::remove_if(listening.begin(), listening.end(), is_missing),
                      listening.end());
      wait_for(store, kHeard, listening, options, Clock::now() + kHearing);
    }
  } catch (const std::exception&) {
    roll.is_store_gone = true;
  }
  return roll;
}

}  // namespace sparring::distributed
