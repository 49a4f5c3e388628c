#pragma once

#include <atomic>

#include "bindings/wrap.h"
#include "core/error.h"

namespace sparring::bindings {

// What ends work that goes in parts before the next of them.
class StopWrap : public Wrap<StopWrap, std::atomic<bool>> {
 public:
  static constexpr const char* kName = "stop";
  static void Init(Napi::Env env, Napi::Object exports);
  explicit StopWrap(const Napi::CallbackInfo& info);

 private:
  Napi::Value Stop(const Napi::CallbackInfo& info);
};

// Work for run_slices() that ends with ERR_STOPPED once `stop`, a NativeStop or undefined, says so.
template <class Work>
auto stoppable(const Napi::Value& stop, Work work) {
  std::shared_ptr<const std::atomic<bool>> stopped;
  if (!stop.IsUndefined()) stopped = StopWrap::of(stop);
  return [stopped, work = std::move(work)]() mutable {
    if (stopped != nullptr && *stopped) throw Error("ERR_STOPPED", "Stopped between two parts");
    return work();
  };
}

}  // namespace sparring::bindings
