// The one place that knows c10d. Its sources differ between libtorch 2.11 and 2.14 in what is not
// used here: of backends only all-reduce, broadcast, all-gather and all-to-all are.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "core/distributed/answers.h"
#include "core/distributed/attendant.h"
#include "core/distributed/group.h"
#include "core/distributed/words.h"
#include "core/error.h"
#include "core/runtime/out_of_memory.h"

// It stands before c10d's headers: without it the one of the Gloo backend is empty.
#define USE_C10D_GLOO
#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/Store.hpp>

namespace sparring {

// Connects ranks over TCP, for tensors on the CPU.
using OpenGloo =
    std::function<c10::intrusive_ptr<c10d::Backend>(const c10::intrusive_ptr<c10d::Store>& store)>;

struct Group::Connection {
  c10::intrusive_ptr<c10d::Store> lobby;  // where everybody comes in
  c10::intrusive_ptr<c10d::Store> store;  // of this meeting alone
  // The same store by a second connection: Gloo, and NCCL's first sum, wait for other ranks in the
  // first one, and let nobody else ask there meanwhile.
  c10::intrusive_ptr<c10d::Store> spare;
  bool rank_0_keeps_it = true;
  std::shared_ptr<distributed::Answers> answers;  // of the store, while ranks meet
  OpenGloo open_host;                             // until it is open
  // Backends for what is on the CPU, and for what is on this rank's GPU, from the first time on.
  c10::intrusive_ptr<c10d::Backend> host, device;
  struct UnderWay {
    c10::intrusive_ptr<c10d::Work> work;
    bool is_on_gpu;
    // Of a small sum: where it goes, and what each rank has of it, [ranks, values].
    at::Tensor sum = {}, parts = {};
  };
  std::map<Group::Begun, UnderWay> begun;  // and not ended
  Group::Begun next = 0;
  // What GPUs were asked for, and nobody knows the end of yet.
  std::vector<c10::intrusive_ptr<c10d::Work>> launched;
  // What the store was asked, and has not answered yet; and since when.
  std::optional<distributed::Apart<distributed::Look>> question;
  distributed::Clock::time_point asked;
  // Since when the store owes an answer: one that does not come holds up all after it. Now, where
  // it owes none; or gives it in a moment, as where this process itself was held up.
  distributed::Clock::time_point silent_since() const {
    const bool is_silent = question && !question->comes_within(distributed::kFarewell);
    return is_silent ? asked : distributed::Clock::now();
  }
  // Answers while this rank is busy; null where it has left, or there was no thread for it.
  std::unique_ptr<distributed::Attendant> attendant;
};

// Throws ERR_STOPPED where the process is ending.
void check_ending(const GroupOptions& options);

// ERR_MEMORY where the error says that this process gets no more memory, threads or files: no
// interface, and no other rank, is the cause of that.
Error cause_of(const std::exception& error, const Error& otherwise);

// What says that there is no store at the meeting place; or, where the name of the host has no
// address, that. A name may get one later, so it is looked up until the timeout, and this comes
// after it.
Error no_store(const Meeting& meeting, const GroupOptions& options, const std::string& reason);
// The store at the meeting place, under its prefix. Throws ERR_RANK where there is none.
c10::intrusive_ptr<c10d::Store> open_store(const Meeting& meeting, const GroupOptions& options);
// The same by a second connection. Throws ERR_MEMORY where this process gets no socket for it.
c10::intrusive_ptr<c10d::Store> connect_again(c10d::Store& store);
// Over NCCL, for tensors on GPUs. Throws ERR_DEVICE where there is none.
c10::intrusive_ptr<c10d::Backend> open_between_gpus(const c10::intrusive_ptr<c10d::Store>& store,
                                                    const GroupOptions& options);
// Ends what is under way there, as far as that goes: on a GPU that failed even this may fail, and
// whoever leaves has an error to tell already. May be null.
void give_up(c10d::Backend* backend) noexcept;
// What `ask` gives, which asks a backend or its work for something on this rank's GPU. Throws
// ERR_DEVICE where the GPU failed: a CUDA error comes up wherever it is asked next. What says of
// itself whom or what it lacks, other ranks or memory, is thrown as it is.
template <class Ask>
auto of_gpu(int64_t rank, const Ask& ask) {
  try {
    return ask();
  } catch (const c10::DistError&) {
    throw;
  } catch (const std::exception& error) {
    if (memory_that_ran_out(error)) throw;
    throw Error("ERR_DEVICE", "Expected the GPU of rank " + std::to_string(rank) +
                                  " to do its part of a step but received an error: " +
                                  distributed::first_line(error));
  }
}
// Finds the interface that ranks reach this one by. Throws ERR_RANK where there is none.
OpenGloo prepare_gloo(const GroupOptions& options);

}  // namespace sparring
