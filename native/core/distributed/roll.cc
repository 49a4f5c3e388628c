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
              const std::function<bool()>& is_over, Clock::time_point deadline) {
  for (;;) {
    for (auto one = ranks.begin(); one != ranks.end();) {
      one = store.check({key(what, *one)}) ? ranks.erase(one) : one + 1;
    }
    if (ranks.empty() || Clock::now() >= deadline || is_over()) return;
    std::this_thread::sleep_for(kGlance);
  }
}

// Reports this rank, and finds who else does. What was heard so far stays where the store goes.
void take(Roll& roll, c10d::Store& store, const GroupOptions& options, const char* report,
          const std::function<bool()>& is_over) {
  const auto deadline = Clock::now() + kRollCall;
  store.set(key(report, options.rank), to_bytes("1"));
  store.set(kAsked, to_bytes("1"));
  roll.failure = announced(store);
  wait_for(store, kPresent, roll.missing, is_over, deadline);
  const auto lost =
      std::stable_partition(roll.missing.begin(), roll.missing.end(),
                            [&store](int64_t rank) { return !store.check({key(kAlive, rank)}); });
  roll.busy.assign(lost, roll.missing.end());
  roll.missing.erase(lost, roll.missing.end());
  roll.failure = announced(store);
}

// Says that this rank has heard what it has to know. Whoever keeps the store lets the others hear
// it.
void hear(const Roll& roll, c10d::Store& store, const GroupOptions& options, bool keeps_store,
          const std::function<bool()>& is_over) {
  store.set(key(kHeard, options.rank), to_bytes("1"));
  if (!keeps_store) return;
  std::vector<int64_t> listening = others(options);
  const auto is_missing = [&missing = roll.missing](int64_t rank) {
    return std::find(missing.begin(), missing.end(), rank) != missing.end();
  };
  listening.erase(std::remove_if(listening.begin(), listening.end(), is_missing), listening.end());
  wait_for(store, kHeard, listening, is_over, Clock::now() + kHearing);
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

Roll call_roll(c10d::Store& store, const GroupOptions& options, bool keeps_store) {
  Roll roll{others(options), {}, false, {}};
  const auto is_over = [&options] { return options.ending && *options.ending; };
  try {
    take(roll, store, options, kPresent, is_over);
    hear(roll, store, options, keeps_store, is_over);
  } catch (const std::exception&) {
    roll.is_store_gone = true;
  }
  return roll;
}

std::vector<int64_t> find_absent(c10d::Store& store, const GroupOptions& options,
                                 const std::function<bool()>& is_over) {
  Roll roll{others(options), {}, false, {}};
  take(roll, store, options, kPresent, is_over);
  return roll.missing;
}

std::optional<Roll> answer_roll(c10d::Store& store, const GroupOptions& options, bool keeps_store,
                                const std::atomic<bool>& left) {
  Roll roll{others(options), {}, false, {}};
  const auto is_over = [&] { return left || (options.ending && *options.ending); };
  take(roll, store, options, kAlive, is_over);
  // Whoever keeps the store is to wait for the rank itself, which has heard nothing yet.
  if (is_over()) return std::nullopt;
  hear(roll, store, options, keeps_store, is_over);
  return roll;
}

}  // namespace sparring::distributed
