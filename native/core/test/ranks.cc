#include "core/test/ranks.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

namespace sparring::test {

uint16_t free_port() {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  bind(listener, reinterpret_cast<sockaddr*>(&address), size);
  getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  close(listener);
  return ntohs(address.sin_port);
}

std::vector<std::string> as_ranks(int64_t size,
                                  const std::function<void(const std::shared_ptr<Group>&)>& work,
                                  std::chrono::milliseconds timeout) {
  std::vector<GroupOptions> options;
  for (int64_t rank = 0; rank < size; ++rank) options.push_back({rank, size, timeout, {}, {}});
  return as_ranks_of(options, work);
}

std::vector<std::string> as_ranks_of(
    const std::vector<GroupOptions>& options,
    const std::function<void(const std::shared_ptr<Group>&)>& work) {
  const Meeting meeting{"127.0.0.1", free_port(), false, "test"};
  std::vector<std::string> errors(options.size());
  std::vector<std::thread> threads;
  for (size_t i = 0; i < options.size(); ++i) {
    threads.emplace_back([&, i] {
      try {
        work(Group::join(meeting, options[i]));
      } catch (const std::exception& error) {
        errors[i] = error.what();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return errors;
}

}  // namespace sparring::test
