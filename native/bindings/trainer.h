#pragma once

#include <atomic>

#include "bindings/network.h"
#include "core/step/trainer.h"

namespace sparring::bindings {

struct TrainerSlot {
  std::shared_ptr<Trainer> trainer;  // engine thread
  std::exception_ptr failure;        // engine thread
  // Set on the JavaScript thread, read at step boundaries.
  const std::shared_ptr<std::atomic<bool>> stop = std::make_shared<std::atomic<bool>>(false);

  const std::shared_ptr<Trainer>& get() const {
    if (failure) std::rethrow_exception(failure);
    return trainer;
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
