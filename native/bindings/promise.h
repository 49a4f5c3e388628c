// The one way from a JavaScript call to the engine thread and back: a promise.
#pragma once

#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "bindings/errors.h"
#include "bindings/instance.h"
#include "core/error.h"
#include "core/runtime/out_of_memory.h"

namespace sparring::bindings {

// The value of work whose promise resolves with undefined.
struct Nothing {};

inline Napi::Value to_undefined(Napi::Env env, const Nothing&) { return env.Undefined(); }

template <class T>
Turn<T> to_turn(Turn<T> turn) {
  return turn;
}
// Work that always can go on has no value until it is done.
template <class T>
Turn<T> to_turn(std::optional<T> value) {
  if (value) return std::move(*value);
  return Engine::Then::kAgain;
}

inline Napi::Error stopped_error(Napi::Env env) {
  return to_error(env,
                  {"ERR_STOPPED", "The process or worker is ending: no work is taken any more"});
}

// Queues work. Throws ERR_STOPPED, and ERR_MEMORY where the first work gets no thread.
inline void post_or_throw(Napi::Env env, Engine::Slice slice) {
  Engine& engine = Instance::of(env).engine();
  if (!in_javascript(env, [&] { return engine.post(std::move(slice)); })) throw stopped_error(env);
}

// `work()` runs on the engine thread, again and again until it returns a value (an std::optional,
// or a Turn); `finish(env, value)` then makes the JavaScript value. Every path settles, unless
// the environment ends: an exception in either rejects. What `work` needs has to be captured by
// value: the JavaScript objects may be collected.
template <class Work, class Finish>
Napi::Promise run_slices(Napi::Env env, Work work, Finish finish) {
  Instance& instance = Instance::of(env);
  const auto deferred = Napi::Promise::Deferred::New(env);

  const auto settle = [&instance, deferred](auto&& outcome) {
    instance.settle([&instance, deferred, outcome](Napi::Env env) {
      const Napi::HandleScope scope(env);
      instance.job_settled();
      try {
        deferred.Resolve(in_javascript(env, [&] { return outcome(env); }));
      } catch (const Napi::Error& error) {
        deferred.Reject(error.Value());
      }
    });
  };

  // Boxed: an std::function has to be copyable, and copies would carry state apart.
  auto boxed = std::make_shared<Work>(std::move(work));
  Engine::Slice slice = [&instance, boxed, finish, settle] {
    try {
      auto turn = to_turn((*boxed)());
      if (const auto* then = std::get_if<Engine::Then>(&turn)) return *then;
      using Value = std::variant_alternative_t<0, decltype(turn)>;
      auto value = std::make_shared<Value>(std::get<0>(std::move(turn)));
      settle([value, finish](Napi::Env env) -> Napi::Value { return finish(env, *value); });
    } catch (...) {
      const std::exception_ptr error = std::current_exception();
      if (ran_out_for_kernel(error)) instance.engine().change_thread();
      const Failure failure = describe(error);
      settle([failure](Napi::Env env) -> Napi::Value { throw to_error(env, failure); });
    }
    return Engine::Then::kDone;
  };
  try {
    post_or_throw(env, std::move(slice));
    // What it comes to is told in a later turn of JavaScript.
    instance.job_started();
  } catch (const Napi::Error& error) {
    deferred.Reject(error.Value());
  }
  return deferred.Promise();
}

// Work that is made where it is done: `make()` may look at what the engine thread has built, and
// begin with arithmetic. What it alone needed is freed.
template <class Make>
auto lazily(Make make) {
  using Work = std::invoke_result_t<Make&>;
  return [make = std::optional<Make>(std::move(make)), work = std::optional<Work>()]() mutable {
    if (!work) {
      work.emplace((*make)());
      make.reset();
    }
    return (*work)();
  };
}

// Work that is done in one go.
template <class Work, class Finish>
Napi::Promise run_async(Napi::Env env, Work work, Finish finish) {
  auto once = [work = std::move(work)]() mutable { return std::make_optional(work()); };
  return run_slices(env, std::move(once), std::move(finish));
}

// Frees on the engine thread: never in the middle of a step, and for CUDA on the thread that uses
// it. Here where there is no such thread: then nothing is in the middle of anything.
template <class T>
void release_on_engine(Napi::Env env, std::shared_ptr<T>& owned) {
  try {
    Instance::of(env).engine().post([owned = std::move(owned)]() mutable {
      owned.reset();
      return Engine::Then::kDone;
    });
  } catch (const sparring::Error&) {
    // It got none.
  }
  owned.reset();
}

}  // namespace sparring::bindings
