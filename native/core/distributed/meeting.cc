// How the ranks of a group come together, and who is told that they cannot.
#include <algorithm>
#include <thread>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>

#include "core/distributed/answers.h"
#include "core/distributed/apart.h"
#include "core/distributed/connection.h"
#include "core/distributed/roll.h"
#include "core/distributed/times.h"
#include "core/distributed/words.h"
#include "core/error.h"

namespace sparring {

using namespace distributed;

namespace {

// Keys of the store: how many meetings began there, and that all ranks of one came.
const std::string kMeetings = "meetings", kBegun = "begun";

// Of a store, in a sentence: who is lost where it is.
std::string keeper(bool has_agent) { return has_agent ? "" : ", which rank 0 keeps,"; }

Error no_answer(const Meeting& meeting, const GroupOptions& options, const Answers& answers) {
  const std::string time = seconds(options.timeout);
  if (!answers.is_reached()) return no_store(meeting, options, "no answer within " + time);
  return {"ERR_RANK", "Expected the store at MASTER_ADDR and MASTER_PORT" +
                          keeper(meeting.has_agent) + " to answer within " + time +
                          " but received nothing from " + meeting.place() +
                          ": its process hangs, or its machine cannot be reached"};
}

}  // namespace

std::shared_ptr<Group> Group::join(const Meeting& meeting, const GroupOptions& options) {
  GroupOptions own = options;
  // Who comes only to tell the others may find that none of them does.
  if (!own.failure.empty()) own.timeout = std::min(own.timeout, kPatience);
  const auto answers = std::make_shared<Answers>();
  // What waits for others as long as the timeout says itself that none came.
  const auto patience = own.timeout + kAnswer;
  const auto is_over = [&] {
    return (options.ending && *options.ending) || answers->stay_out(patience);
  };
  // All of it apart: the store may be cut off at each question, and Gloo waits for whoever has come
  // and then does nothing as long as the timeout.
  const auto joined = apart<std::shared_ptr<Group>>(
      [meeting, own, answers] { return come(meeting, own, answers); }, is_over);
  if (joined) return *joined;
  const Error lack = no_answer(meeting, own, *answers);
  answers->give_up(lack);
  sparring::check_ending(options);
  throw lack;
}

std::shared_ptr<Group> Group::come(const Meeting& meeting, const GroupOptions& options,
                                   const std::shared_ptr<Answers>& answers) {
  auto connection = std::make_unique<Connection>();
  connection->answers = answers;
  connection->lobby = open_store(meeting, options);
  answers->count();
  connection->rank_0_keeps_it = !meeting.has_agent;
  std::shared_ptr<Group> group(new Group(std::move(connection), options));
  group->meet();
  return group;
}

// An agent's store outlives the ranks that it starts anew, and nobody says how often it has: of
// several agents each counts its own failures alone. So rank 0 begins a meeting under a number that
// the store has not had; the others take the newest, and come to the next where that was an old
// one.
void Group::meet() {
  try {
    int64_t meeting = rank() == 0 ? begin_meeting() : next_meeting(0);
    while (!meet_at(meeting)) meeting = next_meeting(meeting);
    open_host();
  } catch (const Error&) {
    see_off();
    throw;
  } catch (const std::exception& error) {
    throw cause_of(error,
                   {"ERR_RANK", "Expected the store at MASTER_ADDR and MASTER_PORT" +
                                    keeper(!connection_->rank_0_keeps_it) + " to stay until " +
                                    std::to_string(size()) +
                                    " ranks have met but received an error: " + first_line(error)});
  }
}

void Group::open_host() {
  using Host = c10::intrusive_ptr<c10d::Backend>;
  std::string told;
  const auto is_over = [&] {
    // No old meeting's, not even in an agent's store: all ranks of this one have come.
    told = announced(*connection_->spare);
    connection_->answers->count();
    return !told.empty() || !absent().empty() || (options_.ending && *options_.ending);
  };
  std::optional<Host> host;
  try {
    connection_->spare = connect_again(*connection_->store);
    attend();
    host = apart<Host>([open = std::exchange(connection_->open_host, nullptr),
                        kept = connection_->store] { return open(kept); },
                       is_over);
  } catch (const std::exception& error) {
    explain(error);
  }
  if (!host) {
    connection_->store = connection_->spare;
    check_ending();
    refuse(told.empty() ? absence_of(absent(), options_.timeout, kLostElsewhere) : told);
  }
  connection_->host = *host;
}

void Group::attend() {
  if (size() == 1) return;
  try {
    connection_->attendant =
        std::make_unique<Attendant>(connection_->spare, options_, keeps_store());
  } catch (const Error&) {
    // Without a thread for it this rank answers when it is not busy.
  }
}

std::vector<int64_t> Group::absent() const {
  const auto& attendant = connection_->attendant;
  const std::optional<Roll> roll = attendant ? attendant->roll() : std::nullopt;
  return roll ? roll->missing : std::vector<int64_t>();
}

void Group::explain(const std::exception& error) {
  const std::string reason = first_line(error);
  const Error cause = cause_of(
      error, {"ERR_RANK", "Expected a connection between " + std::to_string(size()) +
                              " ranks but received an error: " + reason +
                              "; GLOO_SOCKET_IFNAME tells by which interface each is reached"});
  if (!connection_->spare) decline(cause);
  // Gloo may still wait in the other one.
  connection_->store = connection_->spare;
  if (const auto lost = absent(); !lost.empty()) {
    refuse(absence_of(lost, options_.timeout, kLostElsewhere));
  }
  // Throws where that is gone, by which Gloo would have found the others.
  connection_->store->check({kBegun});
  // What this rank itself lacks is no other's fault.
  if (dynamic_cast<const Error*>(&error) != nullptr || cause.code() != "ERR_RANK") decline(cause);
  const auto lost = find_absent(*connection_->store, options_, [this] {
    connection_->answers->count();
    return is_ending();
  });
  check_ending();
  if (lost.empty()) decline(cause);
  const std::string failure = absence_of(lost, options_.timeout, reason);
  announce(*connection_->store, failure);
  refuse(failure);
}

bool Group::meet_at(int64_t meeting) {
  connection_->store =
      c10::make_intrusive<c10d::PrefixStore>(std::to_string(meeting), connection_->lobby);
  c10d::Store& store = *connection_->store;
  if (store.add(key("place", rank()), 1) > 1) {
    // Of an old meeting; or of this one, where nobody starts ranks anew.
    if (!connection_->rank_0_keeps_it && rank() != 0) return false;
    throw Error("ERR_RANK", "Expected one process for RANK " + std::to_string(rank()) +
                                " but received a second one");
  }
  if (!options_.failure.empty()) decline({"ERR_RANK", options_.failure});
  try {
    connection_->open_host = prepare_gloo(options_);
  } catch (const Error& error) {
    decline(error);
  }
  store.set(key("hello", rank()), to_bytes(std::to_string(size()) + "\n" + options_.greeting));
  for (int64_t other = 0; other < size(); ++other) {
    if (!greet(other, meeting)) return false;
  }
  // In an old meeting all others may have been: but rank 0 did not see all of them.
  if (rank() == 0) store.set(kBegun, to_bytes("1"));
  const auto deadline = Clock::now() + options_.timeout;
  while (!store.check({kBegun})) {
    if (is_over(meeting)) return false;
    if (Clock::now() >= deadline) {
      throw Error("ERR_RANK", "Expected rank 0 to meet all others within " +
                                  seconds(options_.timeout) + " but received nothing");
    }
    glance();
  }
  return true;
}

int64_t Group::begin_meeting() {
  c10d::Store& lobby = *connection_->lobby;
  if (!connection_->rank_0_keeps_it) return lobby.add(kMeetings, 1);
  // Its own store is new. Where it is another rank 0's, on the machine of MASTER_ADDR, the meeting
  // there is not to be left by those who have come.
  lobby.set(kMeetings, to_bytes("1"));
  return 1;
}

int64_t Group::next_meeting(int64_t last) const {
  const auto deadline = Clock::now() + options_.timeout;
  for (;;) {
    const int64_t newest = connection_->lobby->add(kMeetings, 0);
    if (newest > last) return newest;
    if (Clock::now() >= deadline) {
      throw Error("ERR_RANK", "Expected rank 0 to begin a meeting within " +
                                  seconds(options_.timeout) + " but received nothing");
    }
    glance();
  }
}

bool Group::is_over(int64_t meeting) const {
  // Rank 0's is always the newest.
  return rank() != 0 && connection_->lobby->add(kMeetings, 0) > meeting;
}

void Group::glance() const {
  connection_->answers->count();
  check_ending();
  std::this_thread::sleep_for(kGlance);
}

// Takes down what the rank says of itself. Whoever comes with another size is refused at once.
bool Group::greet(int64_t other, int64_t meeting) {
  c10d::Store& store = *connection_->store;
  const auto deadline = Clock::now() + options_.timeout;
  while (!store.check({key("hello", other)})) {
    if (is_over(meeting)) return false;
    if (const std::string told = declined(store); !told.empty()) refuse(told);
    if (Clock::now() >= deadline) {
      std::vector<int64_t> missing;
      for (int64_t one = 0; one < size(); ++one) {
        if (!store.check({key("hello", one)})) missing.push_back(one);
      }
      throw Error("ERR_RANK",
                  "Expected " + std::to_string(size()) + " ranks for WORLD_SIZE but received " +
                      std::to_string(size() - static_cast<int64_t>(missing.size())) + " within " +
                      seconds(options_.timeout) + ": " + name(missing) + " did not come");
    }
    glance();
  }
  const std::string text = to_text(store.get(key("hello", other)));
  connection_->answers->count();
  const size_t end = text.find('\n');
  if (text.substr(0, end) != std::to_string(size())) {
    throw Error("ERR_RANK", "Expected WORLD_SIZE " + std::to_string(size()) + ", as rank " +
                                std::to_string(rank()) + " has it, for rank " +
                                std::to_string(other) + " but received " + text.substr(0, end));
  }
  greetings_[static_cast<size_t>(other)] = text.substr(end + 1);
  return true;
}

void Group::decline(const Error& reason) {
  failure_ = reason.what();
  announce(*connection_->store, error_of(rank(), size(), reason.what()));
  throw reason;
}

std::string Group::declined(c10d::Store& store) const {
  // An agent's store may have it of an old meeting.
  return connection_->rank_0_keeps_it || rank() == 0 ? announced(store) : std::string();
}

void Group::refuse(const std::string& failure) {
  failure_ = failure;
  throw Error("ERR_RANK", failure);
}

void Group::see_off() const {
  if (!connection_->store) return;
  try {
    c10d::Store& store = *connection_->store;
    store.set(key("left", rank()), to_bytes("1"));
    if (rank() != 0 || !connection_->rank_0_keeps_it) return;
    // Those who have not come yet are to hear why one of them declined.
    const bool declined = !failure_.empty() && !store.check({kBegun});
    const auto deadline = Clock::now() + (declined ? std::min(kPatience, options_.timeout)
                                                   : std::chrono::milliseconds(kRollCall));
    for (int64_t other = 1; other < size(); ++other) {
      while ((declined || store.check({key("hello", other)})) &&
             !store.check({key("left", other)})) {
        if (Clock::now() >= deadline) return;
        glance();
      }
    }
  } catch (const c10::Error&) {
    // Nobody can read there any more.
  }
}

}  // namespace sparring
