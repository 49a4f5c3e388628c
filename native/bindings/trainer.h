#pragma once

#include <atomic>

#include "bindings/network.h"
#include "core/step/trainer.h"

namespace sparring::bindings {

struct TrainerSlot {
  std::unique_ptr<Trainer> trainer;  // engine thread
  std::exception_ptr failure;        // engine thread
  std::atomic<bool> stop = false;    // set on the JavaScript thread, read at step boundaries

  Trainer& get() const {
    if (failure) std::rethrow_exception(failure);
    return *trainer;
  }
};

class TrainerWrap : public Wrap<TrainerWrap, TrainerSlot> {
 public:
  static constexpr const char* kName = "trainer";
  static void Init(Napi::Env env, Napi::Object exports);
  explicit TrainerWrap(const Napi::CallbackInfo& info);

 private:
  Napi::Value CheckEqual(const Napi::CallbackInfo& info);
  Napi::Value Explain(const Napi::CallbackInfo& info);
  Napi::Value FollowRank0(const Napi::CallbackInfo& info);
  Napi::Value Restore(const Napi::CallbackInfo& info);
  Napi::Value Run(const Napi::CallbackInfo& info);
  Napi::Value Snapshot(const Napi::CallbackInfo& info);
  Napi::Value Stop(const Napi::CallbackInfo& info);
};

}  // namespace sparring::bindings
