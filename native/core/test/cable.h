// A store of an agent, and what ranks reach it by: it can be cut, and mended.
#pragma once

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <utility>
#include <vector>

#include "core/test/ranks.h"

namespace sparring::test {

inline sockaddr_in on_loopback(uint16_t port) {
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
  // What was kept back comes through, too.
  void mend() { is_cut_ = false; }
  // Until somebody has come to it, though it is cut.
  void await_guest() {
    pollfd one{listener_, POLLIN, 0};
    poll(&one, 1, 20'000);
  }

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

inline c10::intrusive_ptr<c10d::TCPStore> make_store() {
  c10d::TCPStoreOptions options;
  options.port = free_port();
  options.isServer = true;
  options.waitWorkers = false;
  options.useLibUV = false;
  return c10::make_intrusive<c10d::TCPStore>("127.0.0.1", options);
}

// Waits until a rank has said so in the store.
inline void await_word(c10d::TCPStore& store, const std::string& word) {
  store.wait({word}, std::chrono::seconds(20));
}

}  // namespace sparring::test
