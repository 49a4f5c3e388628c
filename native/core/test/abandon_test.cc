// What fails on one rank alone, and what one rank alone does.
#include <chrono>
#include <thread>
#include <torch/csrc/distributed/c10d/Work.hpp>

#include "core/distributed/connection.h"
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

TEST_CASE("a GPU that failed is told of in a sentence") {
  struct Broken : c10d::Work {
    bool isCompleted() override {
      TORCH_CHECK(false, "CUDA error: an illegal memory access was encountered\nCompile with");
    }
  };
  const auto work = c10::make_intrusive<Broken>();
  CHECK_THROWS_WITH(is_done(*work, 3),
                    "Expected the GPU of rank 3 to do its part of a step but received an error: "
                    "CUDA error: an illegal memory access was encountered");
}
