// What one environment (the main thread, or a worker) owns. Never a static: workers load the addon
// too.
#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "bindings/napi_setup.h"
#include "core/random.h"
#include "core/runtime/engine.h"
#include "core/runtime/memory.h"

namespace sparring::bindings {

class Instance {
 public:
  explicit Instance(Napi::Env env);
  static Instance& of(Napi::Env env) { return *env.GetInstanceData<Instance>(); }

  Engine& engine() { return engine_; }

  // Any thread: runs `settle` on the JavaScript thread. Dropped if the environment is ending.
  void settle(std::function<void(Napi::Env)> settle);

  // JavaScript thread: while jobs are pending the event loop stays alive, else it may end.
  void job_started();
  void job_settled();

  // The stream that networks without a seed of their own go on with, as in PyTorch after
  // torch.manual_seed; see random.h.
  std::shared_ptr<RandomStream> stream;

  // Classes whose objects a promise makes, not `new`.
  Napi::FunctionReference dataset_class, feature_network_class, group_class;

  // True once the engine is to stop: who waits for another process looks at it.
  std::shared_ptr<const std::atomic<bool>> ending() const { return ending_; }

  // Stops the engine thread at the next slice boundary, waits for it and gives back what memory it
  // left spare. Waits for nothing of JavaScript's: at the end of the process there is none any
  // more. Idempotent.
  void shutdown();

 private:
  // The environment is going.
  void leave();

  Napi::Env env_;
  std::shared_ptr<std::atomic<bool>> ending_ = std::make_shared<std::atomic<bool>>(false);
  Napi::ThreadSafeFunction to_javascript_;
  // After the function: it is the engine that calls it, so the engine goes first.
  Engine engine_{trim_memory};
  int pending_ = 0;
};

// Keeps an object for whoever has this, on any thread.
std::shared_ptr<const void> hold(const Napi::Value& object);

}  // namespace sparring::bindings
