// What fails on one rank alone, and what one rank alone does.
#include <chrono>
#include <functional>
#include <thread>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/Work.hpp>

#include "core/distributed/connection.h"
#include "core/distributed/roll.h"
#include "core/error.h"
#include "core/test/check.h"  // last: see there
#include "core/test/ranks.h"

using namespace sparring;
using namespace sparring::test;

TEST_CASE("a rank that fails alone is heard of at once, whatever it left under way") {
  const std::string told =
      "Expected all 3 ranks to take part but received an error of rank 1: the disk is full";
  const auto start = std::chrono::steady_clock::now();
  const auto errors = as_ranks(
      3,
      [](const std::shared_ptr<Group>& group) {
        const at::Tensor one = at::ones({5});
        group->sum(one);
        const Group::Begun begun = group->begin_sum(at::ones({1 << 20}));
        if (group->rank() == 1) {
          group->abandon("the disk is full");
          // What failed first is what counts.
          group->abandon("something else");
        }
        group->end(begun);
        group->sum(one);
      },
      std::chrono::seconds(300));
  CHECK(errors == std::vector<std::string>(3, told));
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(30));
}

TEST_CASE("ranks that wait in different calls are told which, and then do nothing together") {
  const std::string told =
      "Expected a step of run(), as rank 0 is in it, for rank 1 but received save()";
  const auto start = std::chrono::steady_clock::now();
  const auto errors = as_ranks(
      2,
      [&](const std::shared_ptr<Group>& group) {
        try {
          if (group->rank() == 0) {
            group->sum(at::ones({5}));
          } else {
            group->gather("text", Call::kSave);
          }
        } catch (const Error& error) {
          CHECK(error.what() == told);
        }
        group->sum(at::ones({1}));
      },
      std::chrono::seconds(300));
  CHECK(errors == std::vector<std::string>(2, told));
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(30));
}

TEST_CASE("ranks that are late, but in the same call, are waited for") {
  const auto errors = as_ranks(2, [](const std::shared_ptr<Group>& group) {
    if (group->rank() == 1) std::this_thread::sleep_for(std::chrono::milliseconds(2'500));
    group->gather("text");
    if (group->rank() == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1'500));
    group->sum(at::ones({5}));
  });
  CHECK(errors == std::vector<std::string>(2));
}

namespace {

// On a GPU that failed, whatever it is asked for.
struct BrokenWork : c10d::Work {
  bool isCompleted() override {
    TORCH_CHECK(false, "CUDA error: an illegal memory access was encountered\nCompile with");
  }
};

struct BrokenBackend : c10d::Backend {
  BrokenBackend() : Backend(3, 4) {}
  c10::intrusive_ptr<c10d::Work> allreduce(std::vector<at::Tensor>&,
                                           const c10d::AllreduceOptions&) override {
    TORCH_CHECK(false, "CUDA error: an illegal memory access was encountered\nCompile with");
  }
};

}  // namespace

TEST_CASE("a GPU that failed is told of in a sentence, whatever it is asked for next") {
  const auto work = c10::make_intrusive<BrokenWork>();
  const auto backend = c10::make_intrusive<BrokenBackend>();
  std::vector<at::Tensor> tensors{at::ones({1})};
  const std::function<void()> asked[] = {
      [&] { work->isCompleted(); },
      [&] { backend->allreduce(tensors, {}); },
  };
  for (const auto& ask : asked) {
    std::string code, told;
    try {
      of_gpu(3, ask);
    } catch (const Error& error) {
      code = error.code();
      told = error.what();
    }
    CHECK(code == "ERR_DEVICE");
    CHECK(told ==
          "Expected the GPU of rank 3 to do its part of a step but received an error: CUDA error: "
          "an illegal memory access was encountered");
  }
}

TEST_CASE("ranks that are lost, and memory that is short, are no GPU that failed") {
  const auto lost = [] { TORCH_CHECK_WITH(DistBackendError, false, "NCCL error: remote exit"); };
  CHECK_THROWS_AS(of_gpu(3, lost), c10::DistError);
  const auto short_of_memory = [] { TORCH_CHECK_WITH(OutOfMemoryError, false, "CUDA out of it"); };
  CHECK_THROWS_AS(of_gpu(3, short_of_memory), c10::OutOfMemoryError);
  CHECK(of_gpu(3, [] { return 7; }) == 7);
}

// Gloo may miss that a connection is lost, where more than one sum is under way.
TEST_CASE("a rank that waits in a sum reports when another asks who is still there") {
  const Meeting meeting{"127.0.0.1", free_port(), false, "test"};
  const GroupOptions first{0, 2, std::chrono::seconds(20), {}, {}},
      second{1, 2, first.timeout, {}, {}};
  std::string error;
  std::thread other([&] {
    try {
      Group::join(meeting, second)->sum(at::ones({5}));
    } catch (const Error& thrown) {
      error = thrown.what();
    }
  });
  const auto group = Group::join(meeting, first);
  const auto store = c10::make_intrusive<c10d::PrefixStore>("1", open_store(meeting, second));
  const distributed::Roll roll = distributed::call_roll(*store, first, /*keeps_store=*/true);
  // Nor is it one for whom another answers: it has let go of what it waited for.
  CHECK(roll.missing.empty());
  CHECK(roll.busy.empty());
  CHECK_FALSE(roll.is_store_gone);
  group->leave();
  other.join();
  CHECK(error ==
        "Expected all 2 ranks to stay connected but received an error: another rank has lost a "
        "connection");
}

TEST_CASE("a rank that cannot take part tells those who wait for it why") {
  const auto start = std::chrono::steady_clock::now();
  for (const size_t who : {0, 2}) {
    std::vector<GroupOptions> options;
    for (int64_t rank = 0; rank < 3; ++rank) {
      options.push_back({rank, 3, std::chrono::seconds(60), {}, {}});
    }
    options[who].failure = "no such file";
    const auto errors = as_ranks_of(options, [](const std::shared_ptr<Group>&) {});
    for (size_t rank = 0; rank < 3; ++rank) {
      const std::string told = "Expected all 3 ranks to take part but received an error of rank " +
                               std::to_string(who) + ": no such file";
      CHECK(errors[rank] == (rank == who ? "no such file" : told));
    }
  }
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(20));
}
