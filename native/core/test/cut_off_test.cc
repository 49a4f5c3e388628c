// A process that ends while others do not answer any more: nothing may hold it up.
#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <future>
#include <thread>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "core/distributed/connection.h"
#include "core/test/check.h"  // last: see there
#include "core/test/ranks.h"

using namespace sparring;
using namespace sparring::test;

namespace {

sockaddr_in on_loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// What ranks reach a store by. Once it is cut nothing comes through, not even an end.
class Cable {
 public:
  explicit Cable(uint16_t to) : to_(to), listener_(socket(AF_INET, SOCK_STREAM, 0)) {
    const sockaddr_in address = on_loopback(port);
    bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    listen(listener_, 8);
    carrier_ = std::thread([this] { carry(); });
  }
  ~Cable() {
    is_over_ = true;
    carrier_.join();
    for (const auto& [from, to] : ends_) close(from);
    close(listener_);
  }
  Cable(const Cable&) = delete;
  Cable& operator=(const Cable&) = delete;

  void cut() { is_cut_ = true; }

  const uint16_t port = free_port();

 private:
  void carry() {
    while (!is_over_) {
      if (is_cut_) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
        continue;
      }
      std::vector<pollfd> all{{listener_, POLLIN, 0}};
      for (const auto& [from, to] : ends_) all.push_back({from, POLLIN, 0});
      poll(all.data(), all.size(), 5);
      const std::vector<std::pair<int, int>> ends = ends_;
      for (size_t i = 0; i < ends.size(); ++i) {
        if (all[i + 1].revents != 0) pass_on(ends[i].first, ends[i].second);
      }
      if (all[0].revents != 0) take_in();
    }
  }
  void take_in() {
    const int near = accept(listener_, nullptr, nullptr), far = socket(AF_INET, SOCK_STREAM, 0);
    const sockaddr_in address = on_loopback(to_);
    connect(far, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    ends_.emplace_back(near, far);
    ends_.emplace_back(far, near);
  }
  static void pass_on(int from, int to) {
    char bytes[4096];
    const ssize_t count = recv(from, bytes, sizeof bytes, 0);
    if (count <= 0) {
      shutdown(to, SHUT_WR);
    } else {
      send(to, bytes, static_cast<size_t>(count), MSG_NOSIGNAL);
    }
  }

  const uint16_t to_;
  const int listener_;
  std::vector<std::pair<int, int>> ends_;
  std::atomic<bool> is_cut_ = false, is_over_ = false;
  std::thread carrier_;
};

c10::intrusive_ptr<c10d::TCPStore> make_store() {
  c10d::TCPStoreOptions options;
  options.port = free_port();
  options.isServer = true;
  options.waitWorkers = false;
  options.useLibUV = false;
  return c10::make_intrusive<c10d::TCPStore>("127.0.0.1", options);
}

constexpr std::chrono::milliseconds kMoment{500};

// A rank of two, in a process that can end.
class Rank {
 public:
  Rank(int64_t rank, uint16_t port) : rank_(rank), port_(port) {}

  std::shared_ptr<Group> join() const {
    const GroupOptions options{rank_, 2, std::chrono::seconds(20), {}, ending_};
    return Group::join({"127.0.0.1", port_, /*has_agent=*/true, "test"}, options);
  }

  // Whether `work`, which waits in vain from when `begun` returns, leaves within the time that an
  // exit may take.
  bool leaves(const std::function<void()>& work, const std::function<void()>& begun,
              const std::function<void()>& otherwise) const {
    std::string told;
    auto ended = std::async(std::launch::async, [&] {
      try {
        work();
      } catch (const std::exception& error) {
        told = error.what();
      }
    });
    begun();
    CHECK(ended.wait_for(kMoment) == std::future_status::timeout);
    *ending_ = true;
    const bool leaves = ended.wait_for(std::chrono::seconds(2)) == std::future_status::ready;
    otherwise();
    ended.get();
    if (leaves) CHECK(told == "The process or worker is ending: no work is taken any more");
    return leaves;
  }

 private:
  int64_t rank_;
  uint16_t port_;
  std::shared_ptr<std::atomic<bool>> ending_ = std::make_shared<std::atomic<bool>>(false);
};

// Until a rank has said so in the store.
void await_word(c10d::TCPStore& store, const std::string& word) {
  store.wait({word}, std::chrono::seconds(20));
}

}  // namespace

TEST_CASE("an end waits for no store that was cut off after it was reached") {
  const auto store = make_store();
  auto cable = std::make_unique<Cable>(store->getPort());
  const Rank rank(0, cable->port);
  const auto cut = [&] {
    await_word(*store, "test/1/hello/0");
    cable->cut();
  };
  CHECK(rank.leaves([&] { rank.join(); }, cut, [&] { cable.reset(); }));
}

TEST_CASE("an end waits for no rank that came, and then does not answer") {
  const auto store = make_store();
  const Rank rank(0, store->getPort());
  store->set("test/1/hello/1", std::vector<uint8_t>{'2', '\n'});
  // It has met the other by then.
  const auto begun = [&] { await_word(*store, "test/1/begun"); };
  CHECK(rank.leaves([&] { rank.join(); }, begun, [] {}));
}

TEST_CASE("an end waits for nobody in a sum, though the store was cut off as well") {
  const auto store = make_store();
  auto cable = std::make_unique<Cable>(store->getPort());
  const Rank zero(0, cable->port), one(1, store->getPort());
  auto other = std::async(std::launch::async, [&one] { return one.join(); });
  std::shared_ptr<Group> group = zero.join(), of_other = other.get();
  cable->cut();
  // Longer than until it looks in the store why the wait lasts.
  const bool leaves = zero.leaves([&group] { group->sum(at::ones({3})); },
                                  [] { std::this_thread::sleep_for(2 * kMoment); },
                                  [&of_other] { of_other.reset(); });
  CHECK(leaves);
  group.reset();
}
