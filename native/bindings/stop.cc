#include "bindings/stop.h"

namespace sparring::bindings {

// new () => NativeStop
StopWrap::StopWrap(const Napi::CallbackInfo& info) : Wrap(info) {
  own(info.Env(), std::make_shared<std::atomic<bool>>(false), 0);
}

// stop(): void
Napi::Value StopWrap::Stop(const Napi::CallbackInfo& info) {
  *owned(info.Env()) = true;
  return info.Env().Undefined();
}

void StopWrap::Init(Napi::Env env, Napi::Object exports) {
  exports.Set("Stop", DefineClass(env, "Stop", {InstanceMethod<&StopWrap::Stop>("stop")}));
}

}  // namespace sparring::bindings
