#include "core/distributed/group.h"

#include <algorithm>
#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>

#include "core/distributed/connection.h"
#include "core/error.h"

namespace sparring {
namespace {

using Clock = std::chrono::steady_clock;

// Between two looks at what nobody tells of.
constexpr std::chrono::milliseconds kGlance{20};
// The same where a GPU is about to be done with it.
constexpr std::chrono::microseconds kBlink{20};
// In which whoever is still there reports so, once a rank is lost or refused.
constexpr std::chrono::milliseconds kRollCall{3'000};

// After which a store that should have told the end of a roll call is taken for cut off.
constexpr std::chrono::milliseconds kAnswer{2'000};

// Keys of the store: how many meetings began there, and that all ranks of one came.
const std::string kMeetings = "meetings", kBegun = "begun";

std::vector<uint8_t> to_bytes(const std::string& text) { return {text.begin(), text.end()}; }
std::string to_text(const std::vector<uint8_t>& bytes) { return {bytes.begin(), bytes.end()}; }

std::string key(const char* what, int64_t rank) { return what + ("/" + std::to_string(rank)); }

// "rank 2", "ranks 2, 3"
std::string name(const std::vector<int64_t>& ranks) {
  std::string text = ranks.size() == 1 ? "rank " : "ranks ";
  for (size_t i = 0; i < ranks.size(); ++i) {
    text += (i == 0 ? "" : ", ") + std::to_string(ranks[i]);
  }
  return text;
}

std::string seconds(std::chrono::milliseconds time) {
  const auto tenths = (time.count() + 50) / 100;
  return std::to_string(tenths / 10) + (tenths % 10 == 0 ? "" : "." + std::to_string(tenths % 10)) +
         " s";
}

// Libtorch's messages go on with a backtrace, and begin with a file.
std::string first_line(const std::exception& error) {
  const auto* known = dynamic_cast<const c10::Error*>(&error);
  const std::string text = known ? known->what_without_backtrace() : error.what();
  const size_t end_of_place = text.rfind("] ", text.find('\n'));
  const size_t start = text[0] == '[' && end_of_place != std::string::npos ? end_of_place + 2 : 0;
  // Gloo's second sentence is advice, and a joke.
  return text.substr(start, std::min(text.find('\n', start), text.find(". ", start)) - start);
}

// Waits for work of a backend; false if `ending` came first.
bool wait_for(c10d::Work& work, const std::atomic<bool>* ending) {
  struct Signal {
    std::mutex mutex;
    std::condition_variable done;
    bool is_done = false;
  };
  // Outlives this call where it is given up.
  auto signal = std::make_shared<Signal>();
  work.getFuture()->addCallback([signal](c10::ivalue::Future&) {
    const std::lock_guard lock(signal->mutex);
    signal->is_done = true;
    signal->done.notify_all();
  });
  std::unique_lock lock(signal->mutex);
  while (!signal->is_done) {
    if (ending != nullptr && *ending) return false;
    signal->done.wait_for(lock, kGlance);
  }
  return true;
}

// Who has not reported, once all have or it is time.
struct Roll {
  std::vector<int64_t> missing;
  bool is_store_gone = false;
};

std::vector<int64_t> others(int64_t rank, int64_t size) {
  std::vector<int64_t> all;
  for (int64_t other = 0; other < size; ++other) {
    if (other != rank) all.push_back(other);
  }
  return all;
}

Roll call_roll(c10d::Store& store, const GroupOptions& options) {
  Roll roll{others(options.rank, options.size)};
  const auto reported = [&](int64_t other) { return store.check({key("present", other)}); };
  try {
    store.set(key("present", options.rank), to_bytes("1"));
    const auto deadline = Clock::now() + kRollCall;
    auto& missing = roll.missing;
    while (!missing.empty() && Clock::now() < deadline && !(options.ending && *options.ending)) {
      missing.erase(std::remove_if(missing.begin(), missing.end(), reported), missing.end());
      std::this_thread::sleep_for(kGlance);
    }
  } catch (const std::exception&) {
    roll.is_store_gone = true;
  }
  return roll;
}

}  // namespace

std::shared_ptr<Group> Group::join(const Meeting& meeting, const GroupOptions& options) {
  auto connection = std::make_unique<Connection>();
  connection->lobby = open_store(meeting, options);
  connection->rank_0_keeps_it = !meeting.has_agent;
  std::shared_ptr<Group> group(new Group(std::move(connection), options));
  group->meet();
  return group;
}

Group::Group(std::unique_ptr<Connection> connection, const GroupOptions& options)
    : options_(options),
      greetings_(static_cast<size_t>(options.size)),
      connection_(std::move(connection)) {}

Group::~Group() {
  // Its threads may wait for the others as long as they may: the process is ending, and they end
  // with it.
  if (!connection_->begun.empty() || !connection_->launched.empty()) {
    (void)connection_->host.release();
    (void)connection_->device.release();
  } else if (connection_->device) {
    try {
      connection_->device->shutdown();
    } catch (const std::exception&) {
      // The others may have left already.
    }
  }
}

// An agent's store outlives the ranks that it starts anew, and nobody says how often it has: of
// several agents each counts its own failures alone. So rank 0 begins a meeting under a number that
// the store has not had; the others take the newest, and come to the next where that was an old
// one.
void Group::meet() {
  c10d::Store& lobby = *connection_->lobby;
  try {
    int64_t meeting = rank() == 0 ? lobby.add(kMeetings, 1) : next_meeting(0);
    while (!meet_at(meeting)) meeting = next_meeting(meeting);
    connection_->host = open_gloo(connection_->store, options_);
  } catch (const Error&) {
    see_off();
    throw;
  } catch (const c10::Error& error) {
    throw Error("ERR_RANK", "Expected a connection between " + std::to_string(size()) +
                                " ranks but received an error: " + first_line(error));
  }
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
  store.set(key("hello", rank()), to_bytes(std::to_string(size()) + "\n" + options_.greeting));
  for (int64_t other = 0; other < size(); ++other) {
    if (!greet(other, meeting)) return false;
  }
  // In an old meeting all others may have been: but rank 0 did not see all of them.
  if (rank() == 0) store.set(kBegun, to_bytes("1"));
  const auto deadline = Clock::now() + options_.timeout;
  while (!store.check({kBegun})) {
    check_ending();
    if (is_over(meeting)) return false;
    if (Clock::now() >= deadline) {
      throw Error("ERR_RANK", "Expected rank 0 to meet all others within " +
                                  seconds(options_.timeout) + " but received nothing");
    }
    std::this_thread::sleep_for(kGlance);
  }
  return true;
}

int64_t Group::next_meeting(int64_t last) const {
  const auto deadline = Clock::now() + options_.timeout;
  for (;;) {
    const int64_t newest = connection_->lobby->add(kMeetings, 0);
    if (newest > last) return newest;
    check_ending();
    if (Clock::now() >= deadline) {
      throw Error("ERR_RANK", "Expected rank 0 to begin a meeting within " +
                                  seconds(options_.timeout) + " but received nothing");
    }
    std::this_thread::sleep_for(kGlance);
  }
}

bool Group::is_over(int64_t meeting) const {
  // Rank 0's is always the newest.
  return rank() != 0 && connection_->lobby->add(kMeetings, 0) > meeting;
}

// Takes down what the rank says of itself. Whoever comes with another size is refused at once.
bool Group::greet(int64_t other, int64_t meeting) {
  c10d::Store& store = *connection_->store;
  const auto deadline = Clock::now() + options_.timeout;
  while (!store.check({key("hello", other)})) {
    check_ending();
    if (is_over(meeting)) return false;
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
    std::this_thread::sleep_for(kGlance);
  }
  const std::string text = to_text(store.get(key("hello", other)));
  const size_t end = text.find('\n');
  if (text.substr(0, end) != std::to_string(size())) {
    throw Error("ERR_RANK", "Expected WORLD_SIZE " + std::to_string(size()) + ", as rank " +
                                std::to_string(rank()) + " has it, for rank " +
                                std::to_string(other) + " but received " + text.substr(0, end));
  }
  greetings_[static_cast<size_t>(other)] = text.substr(end + 1);
  return true;
}

void Group::sum(at::Tensor tensor) { end(begin_sum(std::move(tensor))); }

template <class Begin>
Group::Begun Group::begin(const at::Tensor& tensor, const Begin& begin) {
  check_usable();
  auto& backend = tensor.is_cuda() ? connection_->device : connection_->host;
  if (!backend) {
    // NCCL waits without end for a rank that is gone before the first of its messages: so all of
    // them have to be here, and come straight to it.
    sum(at::zeros({1}));
    backend = open_between_gpus(connection_->store, options_);
  }
  c10::intrusive_ptr<c10d::Work> work;
  try {
    work = begin(*backend);
  } catch (const c10::DistError& error) {
    // NCCL meets the other ranks at the first of these, and knows here of those it lost.
    fail(first_line(error));
  }
  const Begun begun = connection_->next++;
  connection_->begun[begun] = {std::move(work), tensor.is_cuda()};
  return begun;
}

Group::Begun Group::begin_sum(at::Tensor tensor) {
  std::vector<at::Tensor> tensors{std::move(tensor)};
  return begin(tensors[0],
               [&tensors](c10d::Backend& backend) { return backend.allreduce(tensors); });
}

void Group::broadcast(at::Tensor tensor) {
  std::vector<at::Tensor> tensors{std::move(tensor)};
  end(begin(tensors[0], [&tensors](c10d::Backend& backend) { return backend.broadcast(tensors); }));
}

std::vector<at::Tensor> Group::gather(const at::Tensor& tensor) {
  std::vector<std::vector<at::Tensor>> all(1);
  for (int64_t i = 0; i < size(); ++i) all[0].push_back(at::empty_like(tensor));
  std::vector<at::Tensor> own{tensor};
  end(begin(tensor, [&](c10d::Backend& backend) { return backend.allgather(all, own); }));
  return std::move(all[0]);
}

std::vector<std::string> Group::gather(const std::string& text) {
  const auto bytes = static_cast<int64_t>(text.size());
  const std::vector<at::Tensor> sizes = gather(at::full({1}, bytes, at::kLong));
  int64_t most = 1;
  for (const at::Tensor& one : sizes) most = std::max(most, one.item<int64_t>());
  const at::Tensor padded = at::zeros({most}, at::kByte);
  std::copy(text.begin(), text.end(), static_cast<char*>(padded.data_ptr()));
  const std::vector<at::Tensor> all = gather(padded);
  std::vector<std::string> texts;
  for (size_t i = 0; i < all.size(); ++i) {
    texts.emplace_back(static_cast<const char*>(all[i].const_data_ptr()),
                       static_cast<size_t>(sizes[i].item<int64_t>()));
  }
  return texts;
}

void Group::end(Begun begun) {
  check_usable();
  const auto found = connection_->begun.find(begun);
  auto& [work, is_on_gpu] = found->second;
  // The destructor leaves what is still under way to itself.
  if (!is_on_gpu && !wait_for(*work, options_.ending.get())) check_ending();
  std::string failure;
  try {
    work->wait();
  } catch (const std::exception& error) {
    failure = first_line(error);
  }
  if (is_on_gpu) connection_->launched.push_back(std::move(work));
  connection_->begun.erase(found);
  if (!failure.empty()) fail(failure);
}

void Group::settle() {
  for (const auto& work : connection_->launched) {
    // Not by waiting for the stream: what a lost rank left undone would keep this thread, and the
    // process from ending.
    while (!work->isCompleted()) {
      check_ending();
      std::this_thread::sleep_for(kBlink);
    }
    try {
      if (const std::exception_ptr error = work->exception()) std::rethrow_exception(error);
    } catch (const std::exception& error) {
      const std::string reason = first_line(error);
      connection_->launched.clear();
      fail(reason);
    }
  }
  connection_->launched.clear();
}

void Group::fail(const std::string& reason) {
  // Closed connections tell those who wait for this rank that there is nothing to wait for. Only
  // then is the roll called: else they would be taken for lost.
  connection_->begun.clear();
  if (connection_->device) connection_->device->abort();
  connection_->device.reset();
  connection_->host.reset();
  const std::vector<int64_t> missing = lost();
  failure_ = missing.empty()
                 ? "Expected all " + std::to_string(size()) +
                       " ranks to stay connected but received an error: " + reason
                 : "Expected " + name(missing) + " to take part but received nothing: " +
                       (missing.size() == 1 ? "it has" : "they have") +
                       " ended, or cannot be reached, or took longer than " +
                       seconds(options_.timeout) + " (" + reason + ")";
  throw Error("ERR_RANK", failure_);
}

std::vector<int64_t> Group::lost() const {
  // Of a machine that is cut off nothing comes, not even an error, for a quarter of an hour. So the
  // store is asked by a thread that can be left to itself.
  auto promise = std::make_shared<std::promise<Roll>>();
  std::future<Roll> answer = promise->get_future();
  std::thread([promise, store = connection_->store, options = options_] {
    promise->set_value(call_roll(*store, options));
  }).detach();
  const auto deadline = Clock::now() + kRollCall + kAnswer;
  Roll roll{others(rank(), size()), /*is_store_gone=*/true};
  while (Clock::now() < deadline) {
    const bool is_told = answer.wait_for(kGlance) == std::future_status::ready;
    check_ending();
    if (!is_told) continue;
    roll = answer.get();
    break;
  }
  // Rank 0, where it keeps the store, may have reported before, and ended after its roll call; else
  // it is the one that is lost, and nobody else could report.
  const bool lost_0 = roll.is_store_gone && connection_->rank_0_keeps_it && !roll.missing.empty() &&
                      roll.missing[0] == 0;
  return lost_0 ? std::vector<int64_t>{0} : roll.missing;
}

void Group::check_usable() const {
  if (!failure_.empty()) throw Error("ERR_RANK", failure_);
  check_ending();
}

void Group::see_off() const {
  if (!connection_->store) return;
  try {
    c10d::Store& store = *connection_->store;
    store.set(key("left", rank()), to_bytes("1"));
    if (rank() != 0 || !connection_->rank_0_keeps_it) return;
    const auto deadline = Clock::now() + kRollCall;
    for (int64_t other = 1; other < size(); ++other) {
      while (store.check({key("hello", other)}) && !store.check({key("left", other)})) {
        if (Clock::now() >= deadline) return;
        check_ending();
        std::this_thread::sleep_for(kGlance);
      }
    }
  } catch (const c10::Error&) {
    // Nobody can read there any more.
  }
}

void Group::check_ending() const {
  if (options_.ending && *options_.ending) {
    throw Error("ERR_STOPPED", "The process or worker is ending: no work is taken any more");
  }
}

}  // namespace sparring
