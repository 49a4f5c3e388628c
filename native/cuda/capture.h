// The order of things when a graph is recorded. Apart from CUDA, so that what happens when it goes
// wrong is tested without a GPU.
#pragma once

#include <exception>
#include <functional>
#include <mutex>
#include <shared_mutex>
#include <vector>

namespace sparring {

// Up to 2.12 libtorch has one generator a device that belongs to every recording: while one thread
// records, another can neither replay nor forget a recording, nor give memory back.
class Turns {
 public:
  // While nobody else does either.
  template <class Work>
  void alone(const Work& work) {
    const std::unique_lock<std::shared_mutex> lock(mutex_);
    work();
  }
  // While nobody is alone.
  template <class Work>
  void beside_others(const Work& work) {
    const std::shared_lock<std::shared_mutex> lock(mutex_);
    work();
  }

 private:
  std::shared_mutex mutex_;
};

// Up to 2.12 a generator's state knows its graphs. One that found no memory when a graph was made
// known to it does not know that one, though the graph names it: on which libtorch's destructor
// would throw, and end the process.
template <class States, class Graph>
void forget_strangers(States& states, Graph* graph) {
  std::vector<typename States::key_type> strangers;
  for (const auto& [state, increment] : states) {
    if constexpr (requires { state->registered_graphs_.count(graph); }) {
      if (state->registered_graphs_.count(graph) == 0) strangers.push_back(state);
    }
  }
  for (const auto& state : strangers) states.erase(state);
}

// What was begun is ended once, whatever happened, and given up if anything did: then throws what
// went wrong first. What goes wrong inside breaks the recording, too, which is not the error to
// tell.
template <class Graph>
void capture(Graph& graph, const std::function<void()>& work) {
  std::exception_ptr wrong;
  const auto attempt = [&wrong](const auto& part) {
    try {
      part();
    } catch (...) {
      if (!wrong) wrong = std::current_exception();
    }
  };
  attempt([&graph] { graph.begin(); });
  if (!wrong) {
    attempt(work);
    attempt([&graph] { graph.end(); });
  }
  if (!wrong) return;
  graph.give_up();
  std::rethrow_exception(wrong);
}

}  // namespace sparring
