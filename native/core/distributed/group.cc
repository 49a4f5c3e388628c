#include "core/distributed/group.h"

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "core/distributed/apart.h"
#include "core/distributed/connection.h"
#include "core/distributed/roll.h"
#include "core/distributed/times.h"
#include "core/distributed/words.h"
#include "core/error.h"
#include "core/runtime/thread.h"

namespace sparring {

using namespace distributed;

namespace {

// Up to so many bytes of the other ranks, Gloo's ring takes longer for its messages, of which each
// waits for the one before, than n - 1 messages at once with all that there is to sum do.
constexpr size_t kSmall = 64 << 10;

// The time between two looks where a GPU is about to be done.
constexpr std::chrono::microseconds kBlink{20};

const char* const kCalls[] = {"gather()", "barrier()", "run()", "save()", "setOptimizer()"};
// What is no call of its own.
const char* const kStep = "a step of run()";

// Says for a while which call it is that waits.
class Within {
 public:
  Within(std::optional<Call>& place, Call call) : place_(place) { place_ = call; }
  ~Within() { place_.reset(); }
  Within(const Within&) = delete;
  Within& operator=(const Within&) = delete;

 private:
  std::optional<Call>& place_;
};

// In the order of the ranks, which is the same on all of them.
void add_up(const at::Tensor& parts, const at::Tensor& sum) {
  // As an all-reduce, which autograd does not hear of.
  const at::AutoDispatchBelowADInplaceOrView guard;
  const auto part = [&](int64_t rank) { return parts.select(0, rank).view(sum.sizes()); };
  sum.copy_(part(0));
  for (int64_t rank = 1; rank < parts.size(0); ++rank) sum.add_(part(rank));
}

// The end of work of a backend, to be waited for a while at a time.
class Ending {
 public:
  explicit Ending(c10d::Work& work) {
    work.getFuture()->addCallback([signal = signal_](c10::ivalue::Future&) {
      const std::lock_guard lock(signal->mutex);
      signal->is_done = true;
      signal->done.notify_all();
    });
  }

  // False if it has not come within the time, or `is_over` came first.
  bool wait(std::chrono::milliseconds time, const std::function<bool()>& is_over) {
    const auto deadline = Clock::now() + time;
    std::unique_lock lock(signal_->mutex);
    while (!signal_->is_done) {
      if (is_over() || Clock::now() >= deadline) return false;
      signal_->done.wait_for(lock, kGlance);
    }
    return true;
  }

 private:
  struct Signal {
    std::mutex mutex;
    std::condition_variable done;
    bool is_done = false;
  };
  // Outlives whoever gave the waiting up.
  std::shared_ptr<Signal> signal_ = std::make_shared<Signal>();
};

}  // namespace

Call parse_call(const std::string& name) {
  const auto found = std::find(std::begin(kCalls), std::end(kCalls), name);
  TORCH_CHECK(found != std::end(kCalls), "no call of ranks: ", name);
  return static_cast<Call>(found - std::begin(kCalls));
}

Group::Group(std::unique_ptr<Connection> connection, const GroupOptions& options)
    : options_(options),
      greetings_(static_cast<size_t>(options.size)),
      connection_(std::move(connection)) {}

Group::~Group() {
  if (!connection_->begun.empty() || !connection_->launched.empty()) {
    // NCCL's threads may wait for the others as long as they may: they end with the process.
    (void)connection_->device.release();
    hand_over();
  } else if (connection_->device) {
    try {
      connection_->device->shutdown();
    } catch (const std::exception&) {
      // The others may have left already.
    }
  }
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
    const auto ask = [&] { return begin(*backend); };
    work = tensor.is_cuda() ? of_gpu(rank(), ask) : ask();
  } catch (const c10::DistError& error) {
    // NCCL meets the other ranks at the first of these, and knows here of those it lost.
    fail(first_line(error));
  }
  const Begun begun = connection_->next++;
  connection_->begun[begun] = {std::move(work), tensor.is_cuda()};
  return begun;
}

Group::Begun Group::begin_sum(at::Tensor tensor) {
  const auto others = static_cast<size_t>(size() - 1);
  if (!tensor.is_cuda() && others > 0 && tensor.nbytes() * others <= kSmall) {
    return begin_small_sum(std::move(tensor));
  }
  std::vector<at::Tensor> tensors{std::move(tensor)};
  return begin(tensors[0],
               [&tensors](c10d::Backend& backend) { return backend.allreduce(tensors); });
}

void Group::broadcast(at::Tensor tensor) {
  std::vector<at::Tensor> tensors{std::move(tensor)};
  end(begin(tensors[0], [&tensors](c10d::Backend& backend) { return backend.broadcast(tensors); }));
}

Group::Begun Group::begin_small_sum(at::Tensor tensor) {
  // No all-gather: where one rank is in gather() and another in a step, Gloo would end the process
  // for messages of two lengths, while different calls of it wait for each other, and are told.
  const at::AutoDispatchBelowADInplaceOrView guard;
  at::Tensor sent = tensor.reshape({1, -1}).repeat({size(), 1});
  at::Tensor parts = at::empty_like(sent);
  std::vector<int64_t> alike;
  const Begun begun = begin(tensor, [&](c10d::Backend& backend) {
    return backend.alltoall_base(parts, sent, alike, alike);
  });
  auto& under_way = connection_->begun.at(begun);
  under_way.sum = std::move(tensor);
  under_way.parts = std::move(parts);
  return begun;
}

std::vector<at::Tensor> Group::gather(const at::Tensor& tensor) {
  std::vector<std::vector<at::Tensor>> all(1);
  for (int64_t i = 0; i < size(); ++i) all[0].push_back(at::empty_like(tensor));
  std::vector<at::Tensor> own{tensor};
  end(begin(tensor, [&](c10d::Backend& backend) { return backend.allgather(all, own); }));
  return std::move(all[0]);
}

std::vector<std::string> Group::gather(const std::string& text, Call call) {
  const Within within(call_, call);
  const auto bytes = static_cast<int64_t>(text.size());
  const std::vector<at::Tensor> told =
      gather(at::tensor({static_cast<int64_t>(call), bytes}, at::kLong));
  check_call(told);
  std::vector<int64_t> sizes;
  for (const at::Tensor& one : told) sizes.push_back(one[1].item<int64_t>());
  const int64_t most = std::max<int64_t>(1, *std::max_element(sizes.begin(), sizes.end()));
  const at::Tensor padded = at::zeros({most}, at::kByte);
  std::copy(text.begin(), text.end(), static_cast<char*>(padded.data_ptr()));
  const std::vector<at::Tensor> all = gather(padded);
  std::vector<std::string> texts;
  for (size_t i = 0; i < all.size(); ++i) {
    texts.emplace_back(static_cast<const char*>(all[i].const_data_ptr()),
                       static_cast<size_t>(sizes[i]));
  }
  return texts;
}

void Group::check_call(const std::vector<at::Tensor>& calls) const {
  const auto call_of = [&calls](size_t rank) { return kCalls[calls[rank][0].item<int64_t>()]; };
  for (size_t rank = 1; rank < calls.size(); ++rank) {
    if (call_of(rank) == call_of(0)) continue;
    throw Error("ERR_RANK", std::string("Expected ") + call_of(0) +
                                ", as rank 0 is in it, for rank " + std::to_string(rank) +
                                " but received " + call_of(rank));
  }
}

void Group::end(Begun begun) {
  check_usable();
  const auto found = connection_->begun.find(begun);
  auto& [work, is_on_gpu, sum, parts] = found->second;
  // The destructor leaves what is still under way to itself.
  const auto is_over = [this] { return is_ending(); };
  if (!is_on_gpu) {
    Ending ending(*work);
    while (!ending.wait(kLook, is_over)) {
      check_ending();
      look(begun);
    }
  }
  std::string failure;
  try {
    const auto ask = [&one = *work] { one.wait(); };
    is_on_gpu ? of_gpu(rank(), ask) : ask();
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    failure = first_line(error);
  }
  if (is_on_gpu) connection_->launched.push_back(std::move(work));
  if (failure.empty() && sum.defined()) add_up(parts, sum);
  connection_->begun.erase(found);
  if (!failure.empty()) fail(failure);
}

void Group::settle() {
  auto next_look = Clock::now() + kLook;
  for (const auto& work : connection_->launched) {
    // Not by waiting for the stream: what a lost rank left undone would keep this thread, and the
    // process from ending.
    while (!of_gpu(rank(), [&] { return work->isCompleted(); })) {
      check_ending();
      if (Clock::now() >= next_look) {
        // Not in the next place: who is done with this one may wait there already.
        look(connection_->next - 1);
        next_look = Clock::now() + kLook;
      }
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
  // What was found while this rank was busy.
  const std::optional<Roll> earlier =
      connection_->attendant ? connection_->attendant->roll() : std::nullopt;
  // Closed connections tell those who wait for this rank that there is nothing to wait for. Gloo
  // may miss that a rank is lost in other sums that are under way, and waits for these before it
  // closes any: whoever waits for this one then hears of the roll call.
  depart();
  Roll roll = call_roll();
  // The others have ended since.
  if (roll.is_store_gone && roll.failure.empty() && earlier) roll = *earlier;
  const std::vector<int64_t> missing = lost(roll);
  if (!roll.failure.empty()) {
    failure_ = roll.failure;
  } else if (missing.empty()) {
    failure_ = "Expected all " + std::to_string(size()) +
               " ranks to stay connected but received an error: " + reason;
  } else {
    failure_ = absence_of(missing, options_.timeout, reason);
  }
  throw Error("ERR_RANK", failure_);
}

void Group::abandon(const std::string& reason) {
  if (is_left_ || !failure_.empty()) return;
  part(error_of(rank(), size(), reason));
}

void Group::look(Begun begun) {
  const std::optional<Look> found = found_in_store(begun);
  if (!found) return;
  if (!found->failure.empty()) {
    part(found->failure);
    throw Error("ERR_RANK", failure_);
  }
  if (found->is_roll_called) fail(kLostElsewhere);
  // Without its keeper no other rank need notice that it is lost. Not at once: it may have left
  // when all was done, and the last bytes of a sum are still on their way.
  const bool is_lost = found->is_store_gone && connection_->rank_0_keeps_it;
  if (is_lost && is_store_gone_) fail("the store that it keeps is gone");
  is_store_gone_ = is_lost;
}

std::optional<Look> Group::found_in_store(Begun begun) {
  auto& question = connection_->question;
  auto patience = std::chrono::milliseconds(0);
  if (!question) {
    const std::string call = call_ ? kCalls[size_t(*call_)] : kStep;
    patience = kAnswer;
    connection_->asked = Clock::now();
    try {
      question.emplace([options = options_, store = connection_->store, begun, call] {
        return look_in(*store, options, begun, call);
      });
    } catch (const Error&) {
      // There is no thread to ask it with.
      return std::nullopt;
    }
  }
  const auto deadline = Clock::now() + patience;
  while (!question->comes_within(kGlance)) {
    check_ending();
    if (Clock::now() >= deadline) return std::nullopt;
  }
  std::optional<Look> found;
  try {
    found = question->get();
  } catch (const std::exception&) {
    // It is asked again.
  }
  question.reset();
  return found;
}

void Group::part(const std::string& failure) {
  failure_ = failure;
  // Before the others find connections closed, and ask why.
  ask<bool>(
      [failure](c10d::Store& store) {
        announce(store, failure);
        return true;
      },
      false);
  depart();
  call_roll();
}

void Group::leave() {
  is_left_ = true;
  depart();
}

void Group::depart() {
  connection_->attendant.reset();
  if (connection_->begun.empty()) {
    close();
  } else {
    hand_over();
  }
}

void Group::close() {
  connection_->begun.clear();
  connection_->launched.clear();
  give_up(connection_->device.get());
  connection_->device.reset();
  connection_->host.reset();
}

void Group::hand_over() {
  struct Left {
    decltype(Connection::host) host;
    decltype(Connection::begun) begun;
    Left* before = nullptr;
  };
  auto* const left = new Left{std::move(connection_->host), std::move(connection_->begun)};
  try {
    make_thread([left] { delete left; }).detach();
  } catch (const Error&) {
    // Without a thread that can wait for the others it stays until the process ends.
    static std::atomic<Left*> kept;
    left->before = kept.exchange(left);
  }
  close();
}

template <class Result>
Result Group::ask(std::function<Result(c10d::Store&)> question, Result otherwise) const {
  const auto deadline = connection_->silent_since() + kRollCall + kHearing + kAnswer;
  std::optional<Result> answer;
  try {
    answer = apart<Result>(
        [question = std::move(question), store = connection_->store, otherwise] {
          try {
            return question(*store);
          } catch (const std::exception&) {
            return otherwise;
          }
        },
        [this, deadline] { return is_ending() || Clock::now() >= deadline; });
  } catch (const Error&) {
    // There is no thread to ask it with.
  }
  check_ending();
  return answer.value_or(otherwise);
}

Roll Group::call_roll() const {
  return ask<Roll>(
      [options = options_, keeps = keeps_store()](c10d::Store& store) {
        return distributed::call_roll(store, options, keeps);
      },
      unheard(options_));
}

std::vector<int64_t> Group::lost(const Roll& roll) const {
  const std::vector<int64_t>& missing = roll.missing;
  // Nobody else could report then. It may have done so itself, and ended after its roll call.
  const bool is_keeper_lost =
      connection_->rank_0_keeps_it && roll.is_store_gone && !missing.empty() && missing[0] == 0;
  if (is_keeper_lost) return {0};
  // A busy rank is not the cause where another one is lost; else it took too long.
  return missing.empty() ? roll.busy : missing;
}

bool Group::keeps_store() const { return rank() == 0 && connection_->rank_0_keeps_it; }

void Group::check_usable() const {
  if (!failure_.empty()) throw Error("ERR_RANK", failure_);
  check_ending();
}

bool Group::is_ending() const { return is_left_ || (options_.ending && *options_.ending); }

void Group::check_ending() const {
  if (is_left_) throw Error("ERR_DISPOSED", "This group was disposed");
  sparring::check_ending(options_);
}

}  // namespace sparring
