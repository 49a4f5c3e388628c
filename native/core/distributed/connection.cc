#include "core/distributed/connection.h"

#include <c10/util/Logging.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "core/distributed/apart.h"
#include "core/distributed/times.h"
#include "core/distributed/words.h"
#include "core/error.h"
#include "core/runtime/accelerator.h"
#include "core/runtime/thread.h"

namespace sparring {

using namespace distributed;

namespace {

// What the system said where c10d tells of it: beside that it has bytes of memory for the address
// that it tried.
std::string of_system(const std::string& reason) {
  const size_t number = reason.rfind("(errno: "), text = reason.find(" - ", number);
  if (number == std::string::npos || text == std::string::npos) return reason;
  return reason.substr(text + 3, reason.find(')', text) - text - 3);
}

Error no_store_by(const Meeting& meeting, const GroupOptions& options,
                  const std::exception& error) {
  const auto* of_torch = dynamic_cast<const c10::Error*>(&error);
  const std::string reason = of_torch ? of_torch->what_without_backtrace() : error.what();
  if (reason.find("already in use") != std::string::npos) {
    return {"ERR_RANK", "Expected a free port for MASTER_PORT but received " +
                            std::to_string(meeting.port) + ", which is in use"};
  }
  return no_store(meeting, options, of_system(reason.substr(0, reason.find('\n'))));
}

// What the system says of a name that has no address; empty where it has one.
std::string look_up(const std::string& host) {
  addrinfo hints{}, *found = nullptr;
  hints.ai_socktype = SOCK_STREAM;
  const int code = getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (found != nullptr) freeaddrinfo(found);
  return code == 0 ? std::string() : gai_strerror(code);
}

// The same, of name servers that may not answer, either.
std::string why_not_found(const std::string& host, const GroupOptions& options) {
  const auto is_ending = [&options] { return options.ending && *options.ending; };
  if (is_ending()) return {};
  const auto deadline = Clock::now() + kAnswer;
  const auto is_over = [&] { return is_ending() || Clock::now() >= deadline; };
  try {
    return apart<std::string>([host] { return look_up(host); }, is_over)
        .value_or("no answer from a name server");
  } catch (const Error&) {
    // There is no thread to ask it with.
    return {};
  }
}

Error no_sockets() {
  return {"ERR_MEMORY",
          "Expected sockets for the other ranks but too many files are open; a higher limit of "
          "them makes room"};
}

// A store without one tries again and again, as long as the timeout, to connect.
void check_sockets() {
  const int one = socket(AF_INET, SOCK_STREAM, 0);
  if (one >= 0) {
    close(one);
  } else if (errno == EMFILE || errno == ENFILE) {
    throw no_sockets();
  }
}

// c10d prints what it throws, with a page of addresses. Whoever wants to see that says how much of
// it.
void keep_quiet() {
  constexpr int kFatal = 3;
  if (std::getenv("TORCH_CPP_LOG_LEVEL") == nullptr) FLAGS_caffe2_log_level = kFatal;
}

}  // namespace

void check_ending(const GroupOptions& options) {
  if (options.ending && *options.ending) {
    throw Error("ERR_STOPPED", "The process or worker is ending: no work is taken any more");
  }
}

Error cause_of(const std::exception& error, const Error& otherwise) {
  const std::string text = error.what();
  const auto says = [&text](int number) {
    return text.find(std::strerror(number)) != std::string::npos;
  };
  if (const auto* own = dynamic_cast<const Error*>(&error)) return *own;
  if (const auto memory = memory_that_ran_out(error)) {
    return {"ERR_MEMORY", lack_of(*memory, text)};
  }
  if (says(EAGAIN)) return no_thread(error);
  if (says(EMFILE) || says(ENFILE)) return no_sockets();
  return otherwise;
}

Error no_store(const Meeting& meeting, const GroupOptions& options, const std::string& reason) {
  if (const std::string why = why_not_found(meeting.host, options); !why.empty()) {
    return {"ERR_RANK", "Expected a host whose name resolves for MASTER_ADDR but received \"" +
                            meeting.host + "\" (" + why + ", for " + seconds(options.timeout) +
                            ")"};
  }
  return {"ERR_RANK", "Expected a store for MASTER_ADDR and MASTER_PORT but received " +
                          meeting.place() + " (" + reason + ")"};
}

c10::intrusive_ptr<c10d::Store> open_store(const Meeting& meeting, const GroupOptions& group) {
  keep_quiet();
  check_sockets();
  c10d::TCPStoreOptions options;
  options.port = meeting.port;
  options.isServer = group.rank == 0 && !meeting.has_agent;
  options.waitWorkers = false;
  options.timeout = group.timeout;
  // libtorch's libuv and Node's have the same names, and Node's come first.
  options.useLibUV = false;
  try {
    return c10::make_intrusive<c10d::PrefixStore>(
        meeting.prefix, c10::make_intrusive<c10d::TCPStore>(meeting.host, options));
  } catch (const std::exception& error) {
    throw cause_of(error, no_store_by(meeting, group, error));
  }
}

c10::intrusive_ptr<c10d::Store> connect_again(c10d::Store& store) {
  check_sockets();
  return store.clone();
}

OpenGloo prepare_gloo(const GroupOptions& options) {
  // On the interfaces that GLOO_SOCKET_IFNAME names, or on that of the host's own name.
  try {
    const auto chosen = c10d::ProcessGroupGloo::Options::create_default(options.timeout);
    return [chosen, rank = static_cast<int>(options.rank),
            size = static_cast<int>(options.size)](const c10::intrusive_ptr<c10d::Store>& store) {
      return c10::make_intrusive<c10d::ProcessGroupGloo>(store, rank, size, chosen);
    };
  } catch (const std::exception& error) {
    const char* const name = std::getenv("GLOO_SOCKET_IFNAME");
    throw cause_of(
        error,
        {"ERR_RANK",
         "Expected a network interface of this machine for GLOO_SOCKET_IFNAME but received " +
             (name == nullptr ? "none: " + distributed::first_line(error)
                              : '"' + std::string(name) + '"')});
  }
}

void give_up(c10d::Backend* backend) noexcept {
  try {
    if (backend != nullptr) backend->abort();
  } catch (const std::exception&) {
    // Its own error, or one that was told before.
  }
}

c10::intrusive_ptr<c10d::Backend> open_between_gpus(const c10::intrusive_ptr<c10d::Store>& store,
                                                    const GroupOptions& options) {
  Accelerator* const cuda = accelerator();
  if (cuda == nullptr) {
    throw Error("ERR_DEVICE",
                "Expected CUDA for ranks on GPUs but received none: " + accelerator_off());
  }
  return cuda->join(c10::make_intrusive<c10d::PrefixStore>("nccl", store),
                    static_cast<int>(options.rank), static_cast<int>(options.size),
                    options.timeout);
}

}  // namespace sparring
