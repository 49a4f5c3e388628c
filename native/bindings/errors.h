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

}  // namespace sparring::bindings
