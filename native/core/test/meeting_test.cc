// What goes wrong while ranks meet: each error names its own cause.
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <future>

#include "core/distributed/connection.h"
#include "core/error.h"
#include "core/test/cable.h"
#include "core/test/check.h"  // last: see there
#include "core/test/stacks.h"

using namespace sparring;
using namespace sparring::test;

namespace {

const std::string kNoSocket =
    "Expected sockets for the other ranks but too many files are open; a higher limit of them "
    "makes "
    "room";
const std::string kNoThread = "Expected a thread for this work but the system gave none";

struct Told {
  std::string code, text;
};

// What a rank is told that meets the others at this port.
std::future<Told> come(int64_t rank, uint16_t port,
                       std::chrono::seconds timeout = std::chrono::seconds(20), int64_t size = 2) {
  return std::async(std::launch::async, [rank, port, timeout, size]() -> Told {
    try {
      Group::join({"127.0.0.1", port, /*has_agent=*/true, "test"}, {rank, size, timeout, {}, {}});
      return {};
    } catch (const Error& error) {
      return {error.code(), error.what()};
    }
  });
}

// As long as it lives no file can be opened: all below the limit are.
class NoFiles {
 public:
  NoFiles() {
    getrlimit(RLIMIT_NOFILE, &usual_);
    const int next = dup(0);
    close(next);
    const rlimit none{static_cast<rlim_t>(next), usual_.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoFiles() { setrlimit(RLIMIT_NOFILE, &usual_); }
  NoFiles(const NoFiles&) = delete;
  NoFiles& operator=(const NoFiles&) = delete;

 private:
  rlimit usual_{};
};

// What two ranks are told that get no more of something once they have met.
template <class Nothing>
std::vector<Told> short_of() {
  const auto store = make_store();
  Cable cable(store->getPort());
  const std::chrono::seconds timeout(20);
  auto zero = come(0, cable.port, timeout);
  await_word(*store, "test/1/hello/0");
  cable.cut();
  auto one = come(1, store->getPort(), timeout);
  await_word(*store, "test/1/hello/1");
  const Nothing nothing;
  cable.mend();
  return {zero.get(), one.get()};
}

std::vector<uint8_t> bytes(const std::string& text) { return {text.begin(), text.end()}; }

}  // namespace

TEST_CASE("a rank that gets no thread to connect by says so, and so does who waits for it") {
  const auto store = make_store();
  Cable cable(store->getPort());
  cable.cut();
  auto zero = come(0, store->getPort());
  await_word(*store, "test/1/hello/0");
  auto one = come(1, cable.port);
  cable.await_guest();
  {
    const NoThreads no_threads;
    cable.mend();
    const Told told = one.get();
    CHECK(told.code == "ERR_MEMORY");
    CHECK(told.text.rfind(kNoThread, 0) == 0);
  }
  const Told heard = zero.get();
  CHECK(heard.code == "ERR_RANK");
  CHECK(heard.text.rfind(
            "Expected all 2 ranks to take part but received an error of rank 1: " + kNoThread, 0) ==
        0);
}

TEST_CASE("ranks that have met, and get no threads to sum by, say so") {
  for (const Told& told : short_of<NoThreads>()) {
    CAPTURE(told.text);
    CHECK(told.code == "ERR_MEMORY");
    CHECK(told.text.rfind(kNoThread, 0) == 0);
  }
}

// What the first of them leaves is enough for the other, which waits for it then.
TEST_CASE("of ranks that have met the one that gets no socket for the other says so at once") {
  const auto start = std::chrono::steady_clock::now();
  const std::vector<Told> both = short_of<NoFiles>();
  const Told& told = both[both[0].code == "ERR_MEMORY" ? 0 : 1];
  CHECK(told.code == "ERR_MEMORY");
  CHECK(told.text == kNoSocket);
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(10));
}

TEST_CASE("a rank that gets no socket for the store says so at once") {
  const auto store = make_store();
  const auto start = std::chrono::steady_clock::now();
  const NoFiles no_files;
  const Told told = come(1, store->getPort()).get();
  CHECK(told.code == "ERR_MEMORY");
  CHECK(told.text == kNoSocket);
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(10));
}

TEST_CASE("a host whose name does not resolve is named, by whoever keeps the store, too") {
  for (const bool has_agent : {true, false}) {
    std::string told;
    try {
      Group::join({"nowhere.invalid", free_port(), has_agent, "test"},
                  {0, 2, std::chrono::seconds(1), {}, {}});
    } catch (const Error& error) {
      told = error.code() + ": " + error.what();
    }
    CAPTURE(told);
    CHECK(told.rfind("ERR_RANK: Expected a host whose name resolves for MASTER_ADDR but received "
                     "\"nowhere.invalid\" (",
                     0) == 0);
    CHECK(told.find(", for 1 s)") != std::string::npos);
  }
}

TEST_CASE("a rank that waits for another's address hears why it does not come") {
  const auto store = make_store();
  const auto start = std::chrono::steady_clock::now();
  auto zero = come(0, store->getPort());
  store->set("test/1/hello/1", bytes("2\n"));
  await_word(*store, "test/1/begun");
  store->set("test/1/failure", bytes("no memory on rank 1"));
  const Told told = zero.get();
  CHECK(told.code == "ERR_RANK");
  CHECK(told.text == "no memory on rank 1");
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(10));
}

TEST_CASE("so does one that is not the first, by an agent's store too") {
  const auto store = make_store();
  const auto start = std::chrono::steady_clock::now();
  store->add("test/meetings", 1);
  store->set("test/1/hello/0", bytes("2\n"));
  auto one = come(1, store->getPort());
  await_word(*store, "test/1/hello/1");
  store->set("test/1/begun", bytes("1"));
  store->set("test/1/failure", bytes("no memory on rank 0"));
  const Told told = one.get();
  CHECK(told.code == "ERR_RANK");
  CHECK(told.text == "no memory on rank 0");
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(10));
}

TEST_CASE("a store that is lost while ranks meet is no interface that is wrong") {
  auto store = make_store();
  auto zero = come(0, store->getPort());
  await_word(*store, "test/1/hello/0");
  store.reset();
  const Told told = zero.get();
  CAPTURE(told.text);
  CHECK(told.code == "ERR_RANK");
  CHECK(told.text.rfind("Expected the store at MASTER_ADDR and MASTER_PORT to stay until 2 ranks "
                        "have met but received an error: ",
                        0) == 0);
  CHECK(told.text.find("GLOO") == std::string::npos);
}

// It may have waited for a late one for minutes, and have ended meanwhile.
TEST_CASE("a rank that came, and does not connect, is named by all others") {
  const auto store = make_store();
  const std::chrono::seconds timeout(2);
  auto zero = come(0, store->getPort(), timeout, 3);
  store->set("test/1/hello/1", bytes("3\n"));
  auto two = come(2, store->getPort(), timeout, 3);
  for (const Told& told : {zero.get(), two.get()}) {
    CAPTURE(told.text);
    CHECK(told.code == "ERR_RANK");
    CHECK(told.text.rfind("Expected rank 1 to take part but received nothing: it has ended, or "
                          "cannot be reached, or took longer than 2 s (",
                          0) == 0);
  }
}

// As where one was lost right after that one had connected to it.
TEST_CASE("a rank that still connects answers for itself, and hears who does not") {
  const auto store = make_store();
  const auto start = std::chrono::steady_clock::now();
  store->add("test/meetings", 1);
  for (const std::string rank : {"0", "1"}) store->set("test/1/hello/" + rank, bytes("3\n"));
  store->set("test/1/begun", bytes("1"));
  auto two = come(2, store->getPort(), std::chrono::seconds(60), 3);
  await_word(*store, "test/1/hello/2");
  store->set("test/1/present/0", bytes("1"));
  store->set("test/1/roll", bytes("1"));
  await_word(*store, "test/1/alive/2");
  const Told told = two.get();
  CHECK(told.code == "ERR_RANK");
  CHECK(told.text ==
        "Expected rank 1 to take part but received nothing: it has ended, or cannot be reached, or "
        "took longer than 60 s (another rank has lost a connection)");
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(30));
}

TEST_CASE("ranks that are all there, and do not reach each other, are told what to look at") {
  const auto store = make_store();
  const std::chrono::seconds timeout(2);
  auto zero = come(0, store->getPort(), timeout);
  store->set("test/1/hello/1", bytes("2\n"));
  store->set("test/1/alive/1", bytes("1"));
  const Told told = zero.get();
  CAPTURE(told.text);
  CHECK(told.code == "ERR_RANK");
  CHECK(told.text.rfind("Expected a connection between 2 ranks but received an error: ", 0) == 0);
  const std::string advice = "; GLOO_SOCKET_IFNAME tells by which interface each is reached";
  CHECK(told.text.find(advice) == told.text.size() - advice.size());
}
