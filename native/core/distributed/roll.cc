#include "core/distributed/roll.h"

#include <algorithm>
#include <thread>

#include "core/distributed/times.h"
#include "core/distributed/words.h"

namespace sparring::distributed {
namespace {

// Keys of the store: the first failure that a rank told of; of each rank that it is there, or that
// its process is, and that it has read what it has to know.
const std::string kFailure = "failure";
const char* const kPresent = "present";
const char* const kAlive = "alive";
// That a rank asks for it.
const std::string kAsked = "roll";
const char* const kHeard = "heard";
// Where ranks wait, once that takes long: the newest such place, and who came first there.
const std::string kWaits = "waits";

std::vector<int64_t> others(const GroupOptions& options) {
  std::vector<int64_t> all;
  for (int64_t other = 0; other < options.size; ++other) {
    if (other != options.rank) all.push_back(other);
  }
  return all;
}

// A rank that waits: in a call, which has that place in the order of all.
struct Waiting {
  Group::Begun place;
  int64_t rank;
  std::string call;
};

std::string to_line(const Waiting& one) {
  return std::to_string(one.place) + " " + std::to_string(one.rank) + " " + one.call;
}

Waiting from_line(const std::string& line) {
  const size_t first = line.find(' '), second = line.find(' ', first + 1);
  return {std::stoull(line.substr(0, first)), std::stoll(line.substr(first + 1, second - first)),
          line.substr(second + 1)};
}

// Who came first to wait at that place, or a later one; this rank, where nobody did before it.
Waiting first_waiting(c10d::Store& store, const Waiting& own) {
  for (std::string there;;) {
    const auto text = store.compareSet(kWaits, to_bytes(there), to_bytes(to_line(own)));
    there = to_text(text);
    const Waiting first = from_line(there);
    if (first.place >= own.place) return first;
  }
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

Roll unheard(const GroupOptions& options) {
  return {others(options), {}, /*is_store_gone=*/true, {}};
}

void announce(c10d::Store& store, const std::string& failure) {
  store.compareSet(kFailure, {}, to_bytes(failure));
}

std::string announced(c10d::Store& store) {
  return store.check({kFailure}) ? to_text(store.get(kFailure)) : std::string();
}

Look look_in(c10d::Store& store, const GroupOptions& options, Group::Begun place,
             const std::string& call) {
  try {
    const std::string failure = find_failure(store, options, place, call);
    return {failure, is_roll_called(store)};
  } catch (const c10::DistNetworkError&) {
    return {{}, false, /*is_store_gone=*/true};
  }
}

bool is_roll_called(c10d::Store& store) { return store.check({kAsked}); }

std::string find_failure(c10d::Store& store, const GroupOptions& options, Group::Begun place,
                         const std::string& call) {
  if (const std::string failure = announced(store); !failure.empty()) return failure;
  const Waiting first = first_waiting(store, {place, options.rank, call});
  if (first.place != place || first.call == call) return {};
  const bool is_later = options.rank > first.rank;
  return "Expected " + (is_later ? first.call : call) + ", as " +
         name({std::min(options.rank, first.rank)}) + " is in it, for " +
         name({std::max(options.rank, first.rank)}) + " but received " +
         (is_later ? call : first.call);
}

Roll call_roll(c10d::Store& store, const GroupOptions& options, bool keeps_store, Answer answer) {
  Roll roll{others(options), {}, false, {}};
  try {
    const auto deadline = Clock::now() + kRollCall;
    store.set(key(answer == Answer::kPresent ? kPresent : kAlive, options.rank), to_bytes("1"));
    store.set(kAsked, to_bytes("1"));
    wait_for(store, kPresent, roll.missing, options, deadline);
    const auto lost =
        std::stable_partition(roll.missing.begin(), roll.missing.end(),
                              [&store](int64_t rank) { return !store.check({key(kAlive, rank)}); });
    roll.busy.assign(lost, roll.missing.end());
    roll.missing.erase(lost, roll.missing.end());
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
