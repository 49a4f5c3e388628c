// The one map from C++ exceptions to JavaScript errors.
#pragma once

#include <exception>
#include <string>

#include "bindings/napi_setup.h"

namespace sparring::bindings {

struct Failure {
  std::string code;
  std::string message;
};

// Any thread. Rethrows inside and sorts by kind.
Failure describe(const std::exception_ptr& exception);

// JavaScript thread. An Error with `code`; lib/ turns it into a SparringError with the caller's
// stack.
Napi::Error to_error(Napi::Env env, const Failure& failure);

// JavaScript thread. What `work` returns; an exception of C++ would lose its code on the way, and
// show a backtrace.
template <class Work>
auto in_javascript(Napi::Env env, const Work& work) {
  try {
    return work();
  } catch (const Napi::Error&) {
    throw;
  } catch (...) {
    throw to_error(env, describe(std::current_exception()));
  }
}

}  // namespace sparring::bindings
