#include "core/runtime/memory.h"

#include <atomic>
#include <future>
#include <random>
#include <thread>
#include <vector>

#include "core/runtime/engine.h"
#include "core/test/check.h"  // last: see there
#include "core/torch.h"

using namespace sparring;

namespace {

constexpr int64_t kMebibyte = 1 << 20;

at::Tensor of_bytes(int64_t bytes) { return at::zeros({bytes}, at::kByte); }

// Its first byte, and its last.
void write_ends(const at::Tensor& bytes, uint8_t mark) {
  auto* const values = bytes.mutable_data_ptr<uint8_t>();
  values[0] = values[bytes.numel() - 1] = mark;
}
bool has_ends(const at::Tensor& bytes, uint8_t mark) {
  const auto* const values = bytes.const_data_ptr<uint8_t>();
  return values[0] == mark && values[bytes.numel() - 1] == mark;
}

}  // namespace

TEST_CASE("a large block is kept for the next tensor of about its size, and given back") {
  keep_memory();
  trim_memory();
  const int64_t before = kept_memory().used;
  at::Tensor tensor = of_bytes(3 * kMebibyte);
  const void* place = tensor.data_ptr();
  CHECK(kept_memory().used == before + 4 * kMebibyte);  // whole huge pages
  tensor.reset();
  CHECK(kept_memory().used == before);
  CHECK(kept_memory().spare == 4 * kMebibyte);
  tensor = of_bytes(4 * kMebibyte);
  CHECK(tensor.data_ptr() == place);
  CHECK(kept_memory().spare == 0);
  CHECK(of_bytes(16 * kMebibyte).data_ptr() != place);
  tensor.reset();
  trim_memory();
  CHECK(kept_memory().spare == 0);
}

TEST_CASE("a block that no step asks for goes after some hundred of them, others stay") {
  keep_memory();
  trim_memory();
  of_bytes(64 * kMebibyte);
  for (int step = 0; step < 600; ++step) {
    of_bytes(4 * kMebibyte);
    mark_step();
  }
  CHECK(kept_memory().spare == 4 * kMebibyte);
  trim_memory();
}

TEST_CASE("small tensors do not come from kept blocks") {
  keep_memory();
  const int64_t before = kept_memory().used;
  const at::Tensor tensor = of_bytes(1000);
  CHECK(kept_memory().used == before);
}

TEST_CASE("every tensor is counted while it lives, small and large, views not") {
  keep_memory();
  const LiveMemory before = live_memory();
  {
    const at::Tensor large = of_bytes(3 * kMebibyte), small = of_bytes(1000),
                     view = large.view({-1, 2});
    CHECK(live_memory().tensors == before.tensors + 2);
    CHECK(live_memory().bytes >= before.bytes + 3 * kMebibyte + 1000);
    CHECK(live_memory().bytes <= before.bytes + 4 * kMebibyte + 2000);
  }
  CHECK(live_memory().tensors == before.tensors);
  CHECK(live_memory().bytes == before.bytes);
}

TEST_CASE("a block may be dropped by another thread than the one that took it") {
  keep_memory();
  trim_memory();
  at::Tensor tensor = of_bytes(kMebibyte);
  std::thread([dropped = std::move(tensor)]() mutable { dropped.reset(); }).join();
  CHECK(kept_memory().spare == kMebibyte);
  trim_memory();
}

TEST_CASE("threads take and drop blocks at once, and nobody is given what another one has") {
  keep_memory();
  trim_memory();
  const int64_t before = kept_memory().used;
  std::atomic<int> spoilt = 0, at_work = 4;
  std::vector<std::thread> threads;
  for (uint8_t mark = 1; mark <= 4; ++mark) {
    threads.emplace_back([&spoilt, &at_work, mark] {
      std::mt19937 draw(mark);
      std::vector<at::Tensor> held;
      for (int turn = 0; turn < 50'000; ++turn) {
        held.push_back(at::empty({30'000 + static_cast<int64_t>(draw() % 100'000)}, at::kByte));
        write_ends(held.back(), mark);
        if (held.size() < 5) continue;
        const auto one = held.begin() + draw() % 5;
        spoilt += !has_ends(*one, mark);
        held.erase(one);
      }
      --at_work;
    });
  }
  // Between two steps of one engine another one may be in the middle of its own.
  while (at_work > 0) {
    mark_step();
    trim_memory();
    std::this_thread::yield();
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(spoilt == 0);
  CHECK(kept_memory().used == before);
  trim_memory();
}

TEST_CASE("what is dropped after a trim goes back to the system at once") {
  keep_memory();
  at::Tensor tensor = of_bytes(kMebibyte);
  trim_memory();
  tensor.reset();
  CHECK(kept_memory().spare == 0);
}

TEST_CASE(
    "spare blocks of sizes that no step asks for any more stay within a quarter of the peak") {
  keep_memory();
  trim_memory();
  for (int64_t size = 4; size < 60; ++size) {
    mark_step();
    mark_step();
    const at::Tensor one = of_bytes(size * kMebibyte), two = of_bytes(size * kMebibyte);
    CHECK(kept_memory().spare + kept_memory().used < 4 * size * kMebibyte);
  }
  trim_memory();
}

TEST_CASE("without steps spare blocks stay within the peak once more") {
  keep_memory();
  trim_memory();
  for (int64_t size = 4; size < 60; ++size) {
    const at::Tensor one = of_bytes(size * kMebibyte), two = of_bytes(size * kMebibyte);
    CHECK(kept_memory().spare + kept_memory().used <= 2 * 2 * (size + 2) * kMebibyte);
  }
  trim_memory();
}

TEST_CASE(
    "what every step asks for stays, though it is more than the peak: sizes that take turns") {
  keep_memory();
  trim_memory();
  const int64_t before = kept_memory().used;
  int64_t spare = 0;
  for (int step = 0; step < 5; ++step) {
    mark_step();
    // 20 MiB at most at a time, and 36 of blocks of their own.
    for (const int64_t size : {20, 16}) of_bytes(size * kMebibyte);
    if (step > 0) CHECK(kept_memory().spare == spare);
    spare = kept_memory().spare;
  }
  CHECK(spare == 36 * kMebibyte);
  CHECK(kept_memory().used == before);
  trim_memory();
}

TEST_CASE("a size that no machine has is an error, and the next allocation works") {
  keep_memory();
  CHECK_THROWS(of_bytes(int64_t{1} << 50));
  CHECK(of_bytes(kMebibyte).sum().item<int64_t>() == 0);
}

TEST_CASE("an engine says once when it has been without work, and goes on") {
  std::promise<void> idle;
  Engine engine([&idle] { idle.set_value(); });
  engine.post([] { return Engine::Then::kDone; });
  idle.get_future().wait();
  std::promise<void> ran;
  engine.post([&ran] {
    ran.set_value();
    return Engine::Then::kDone;
  });
  ran.get_future().wait();
}
