#include "bindings/instance.h"

namespace sparring::bindings {

Instance::Instance(Napi::Env env)
    : stream(std::make_shared<RandomStream>(entropy())),
      env_(env),
      to_javascript_(Napi::ThreadSafeFunction::New(env, Napi::Function(), "sparring", 0, 1)) {
  to_javascript_.Unref(env);
  // Natural exit and worker termination come this way. process.exit() and an uncaught error run no
  // hooks: there lib/addon.ts calls shutdown() from the 'exit' event.
  env.AddCleanupHook([](Instance* instance) { instance->shutdown(); }, this);
}

void Instance::settle(std::function<void(Napi::Env)> settle) {
  auto* boxed = new std::function<void(Napi::Env)>(std::move(settle));
  const auto call = [](Napi::Env env, Napi::Function, std::function<void(Napi::Env)>* function) {
    const std::unique_ptr<std::function<void(Napi::Env)>> owned(function);
    // Without an environment it is being torn down: nobody is left to tell.
    if (env != nullptr) (*owned)(env);
  };
  if (to_javascript_.NonBlockingCall(boxed, call) != napi_ok) delete boxed;
}

void Instance::job_started() {
  if (pending_++ == 0) to_javascript_.Ref(env_);
}

void Instance::job_settled() {
  if (--pending_ == 0) to_javascript_.Unref(env_);
}

void Instance::shutdown() {
  if (stopped_) return;
  stopped_ = true;
  *ending_ = true;
  engine_.stop();
  to_javascript_.Release();
}

}  // namespace sparring::bindings
