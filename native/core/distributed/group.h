// The processes that train one pair together ("ranks"), joined over c10d: what PyTorch's own
// init_process_group joins. Whoever waits for the others waits here, and says who did not come.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/torch.h"

namespace c10d {
class Store;
class Work;
}  // namespace c10d

namespace sparring {

namespace distributed {
class Answers;
struct Look;
struct Roll;
}  // namespace distributed

// Where the ranks of a group find each other.
struct Meeting {
  std::string host;
  uint16_t port = 0;
  // An agent (torchrun's) keeps the store there; else rank 0 does.
  bool has_agent = false;
  std::string prefix;  // of all keys

  std::string place() const { return host + ":" + std::to_string(port); }
};

struct GroupOptions {
  int64_t rank = 0, size = 1;
  // The time that each wait for the others lasts at most.
  std::chrono::milliseconds timeout{300'000};
  // What this rank says of itself to the others.
  std::string greeting;
  // Once true nothing is waited for any more: the process is ending. May be null.
  std::shared_ptr<const std::atomic<bool>> ending;
  // Why this rank cannot take part, as a sentence: it comes only to tell the others.
  std::string failure = {};
};

// What a rank may be waiting for the others in, by the names that programs have for it.
enum class Call { kGather, kBarrier, kRun, kSave, kSetOptimizer };
// Throws where there is none of that name.
Call parse_call(const std::string& name);

class Group {
 public:
  // Something that all ranks have begun together, and that goes on without anybody's help. A
  // number: whoever had the work itself would keep connections open that are to be closed.
  using Begun = uint64_t;

  // Waits until all ranks are there. Throws ERR_RANK, and names those that are not, or that came
  // with another size.
  static std::shared_ptr<Group> join(const Meeting& meeting, const GroupOptions& options);
  ~Group();
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;

  int64_t rank() const { return options_.rank; }
  int64_t size() const { return options_.size; }
  // What each rank said of itself.
  const std::vector<std::string>& greetings() const { return greetings_; }

  // All of these are begun by every rank, in the same order, on the same shapes. They throw
  // ERR_RANK where a rank is lost, and from then on always.

  // Tensors are all on the CPU, or each on the GPU of its rank. On GPUs nothing waits but the
  // stream, and who is lost is found out by settle().

  // The sum over all ranks, in place; the same bits everywhere.
  void sum(at::Tensor tensor);
  // sum() in two halves, to do something in between: other sums, too.
  Begun begin_sum(at::Tensor tensor);
  void end(Begun begun);
  // Makes the tensor that of rank 0, in place.
  void broadcast(at::Tensor tensor);
  // One of each rank.
  std::vector<at::Tensor> gather(const at::Tensor& tensor);
  // Throws, on every rank, where one of them is in another call: it would wait for other things.
  std::vector<std::string> gather(const std::string& text, Call call = Call::kGather);
  // Waits until the GPU has done all that it was asked for; nothing to do on the CPU.
  void settle();

  // Ends all waiting, from any thread; leave() will follow.
  void stop_waiting() { is_left_ = true; }
  // Ranks that wait for this one hear now that it is lost.
  void leave();
  // Something that all ranks do together failed on this one: they hear of it as soon as they wait,
  // and nothing is done together from here on. Nothing happens where the group failed before.
  void abandon(const std::string& reason);

 private:
  struct Connection;  // knows c10d's headers

  Group(std::unique_ptr<Connection> connection, const GroupOptions& options);
  // join(), which may wait for an answer that never comes.
  static std::shared_ptr<Group> come(const Meeting& meeting, const GroupOptions& options,
                                     const std::shared_ptr<distributed::Answers>& answers);
  // Has what sums for the device of `tensor` begin something.
  template <class Begin>
  Begun begin(const at::Tensor& tensor, const Begin& begin);
  // Has every rank send all that it has to each other one.
  Begun begin_small_sum(at::Tensor tensor);
  void meet();
  // One meeting in a store that may have seen others; false if a later one has begun.
  bool meet_at(int64_t meeting);
  bool greet(int64_t rank, int64_t meeting);
  // Tells those who come why this rank does not take part, and throws it.
  [[noreturn]] void decline(const Error& reason);
  // What a rank that does not take part has told; empty as long as none has.
  std::string declined(c10d::Store& store) const;
  [[noreturn]] void refuse(const std::string& failure);
  // Connects to the others over TCP. Throws, and tells them, where that fails.
  void open_host();
  // From here on this rank answers while it is busy; with connecting, too.
  void attend();
  // Who did not answer, where another rank has asked meanwhile.
  std::vector<int64_t> absent() const;
  // Throws why there is no connection: another rank has ended since all met, or else the error.
  [[noreturn]] void explain(const std::exception& error);
  // The number of a meeting that rank 0 begins.
  int64_t begin_meeting();
  // Waits for a meeting after that one: what rank 0 begins.
  int64_t next_meeting(int64_t last) const;
  bool is_over(int64_t meeting) const;
  // Waits a little after the store has answered, before it is asked again.
  void glance() const;
  void depart();
  void close();
  // Closes by a thread that can be left to itself: Gloo's are waited for, and they wait for others.
  void hand_over();
  // Throws where not all ranks are in the same call.
  void check_call(const std::vector<at::Tensor>& calls) const;
  // Tells what failed: what a rank told of itself, or who has not reported that it is still there.
  [[noreturn]] void fail(const std::string& reason);
  // Looks, at the store, why a wait lasts: throws where a rank failed alone, or waits for something
  // else in this place of the order.
  void look(Begun begun);
  // What the store said of that, now or since it was asked; nothing where it did not answer yet.
  std::optional<distributed::Look> found_in_store(Begun begun);
  // Tells all of a failure, and leaves.
  void part(const std::string& failure);
  // What the store answers, or else `otherwise`.
  template <class Result>
  Result ask(std::function<Result(c10d::Store&)> question, Result otherwise) const;
  distributed::Roll call_roll() const;
  std::vector<int64_t> lost(const distributed::Roll& roll) const;
  // Rank 0 where no agent does.
  bool keeps_store() const;
  // Throws where the group failed before, or is ending.
  void check_usable() const;
  void check_ending() const;
  bool is_ending() const;
  // Leaves, but as the one that keeps the store not before the others that came: they are to read
  // there who did not.
  void see_off() const;

  GroupOptions options_;
  std::vector<std::string> greetings_;
  std::unique_ptr<Connection> connection_;
  std::optional<Call> call_;    // under way; none in a step
  bool is_store_gone_ = false;  // as the last look found it
  std::string failure_;         // empty as long as all is well
  std::atomic<bool> is_left_ = false;
};

}  // namespace sparring
