// Who has which of the streams that native/cuda makes, here as numbers.
#include "cuda/lending.h"

#include <compare>
#include <future>
#include <thread>

#include "core/test/check.h"  // last: see there

using namespace sparring;

namespace {

// Of this test alone: what threads leave stays for the process's life.
struct Key {
  int number;
  auto operator<=>(const Key&) const = default;
};

struct Maker {
  int made = 0;
  int of_thread(int key) {
    return Lending<Key, int>::of_thread({key}, [this] { return ++made; });
  }
};

}  // namespace

TEST_CASE("each thread has a stream of its own, and the next thread that of one that has ended") {
  Maker maker;
  CHECK(maker.of_thread(0) == 1);
  CHECK(maker.of_thread(0) == 1);
  CHECK(maker.of_thread(1) == 2);
  for (int i = 0; i < 40; ++i) {
    std::thread([&] { CHECK(maker.of_thread(0) == 3); }).join();
  }
  std::promise<void> end;
  std::promise<int> taken;
  std::thread beside([&] {
    taken.set_value(maker.of_thread(0));
    end.get_future().wait();
  });
  CHECK(taken.get_future().get() == 3);
  std::thread([&] { CHECK(maker.of_thread(0) == 4); }).join();
  end.set_value();
  beside.join();
  CHECK(maker.of_thread(0) == 1);
}
