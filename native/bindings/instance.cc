#include "bindings/instance.h"

#include <algorithm>
#include <vector>

namespace sparring::bindings {
namespace {

// The instances of a JavaScript thread: several where the addon was loaded anew. process.exit() and
// uncaught errors run no cleanup hooks, and listeners of 'exit' do not always get their turn. An
// engine that went on while libtorch is being torn down would be a segmentation fault, so this ends
// it: exit() destroys the thread's own objects before any static one, and so before those too that
// libtorch makes at their first use. std::atexit would come after these.
class LiveInstances {
 public:
  ~LiveInstances() {
    for (Instance* instance : instances_) instance->shutdown();
  }
  void add(Instance* instance) { instances_.push_back(instance); }
  void remove(Instance* instance) {
    instances_.erase(std::remove(instances_.begin(), instances_.end(), instance), instances_.end());
  }

 private:
  std::vector<Instance*> instances_;
};

thread_local LiveInstances live_instances;

}  // namespace

Instance::Instance(Napi::Env env)
    : stream(std::make_shared<RandomStream>(entropy())),
      env_(env),
      to_javascript_(Napi::ThreadSafeFunction::New(env, Napi::Function(), "sparring", 0, 1)) {
  to_javascript_.Unref(env);
  live_instances.add(this);
  // Natural exit and worker termination come this way.
  env.AddCleanupHook([](Instance* instance) { instance->leave(); }, this);
}

void Instance::settle(std::function<void(Napi::Env)> settle) {
  if (*ending_) return;
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
  *ending_ = true;
  engine_.stop();
  // Nobody else would before the next engine is idle, and that may never work.
  trim_memory();
}

void Instance::leave() {
  live_instances.remove(this);
  shutdown();
  to_javascript_.Release();
}

std::shared_ptr<const void> hold(const Napi::Value& object) {
  Instance& instance = Instance::of(object.Env());
  auto* reference = new Napi::ObjectReference(Napi::Persistent(object.As<Napi::Object>()));
  // Only its own thread may let go of an object. Where the environment ends it goes with that.
  return {reference, [&instance](Napi::ObjectReference* reference) {
            instance.settle([reference](Napi::Env) { delete reference; });
          }};
}

}  // namespace sparring::bindings
