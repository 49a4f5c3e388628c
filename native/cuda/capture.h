// The order of things when a graph is recorded. Apart from CUDA, so that what happens when it goes
// wrong is tested without a GPU.
#pragma once

#include <exception>
#include <functional>

namespace sparring {

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
