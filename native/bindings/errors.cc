#include "bindings/errors.h"

#include <c10/util/Exception.h>

#include "core/error.h"
#include "core/runtime/out_of_memory.h"

namespace sparring::bindings {
namespace {

Failure of_libtorch(const std::string& message) {
  if (message.find("all elements of input should be between 0 and 1") != std::string::npos) {
    return {
        "ERR_DIVERGED",
        "Expected probabilities for the scores but received NaN: training has diverged; lower the "
        "learning rate"};
  }
  return {"ERR_NATIVE", message};
}

Failure of_exception(const std::exception& error) {
  // what() would carry a C++ backtrace.
  const auto* of_torch = dynamic_cast<const c10::Error*>(&error);
  const std::string message = of_torch ? of_torch->what_without_backtrace() : error.what();
  if (const auto memory = memory_that_ran_out(error))
    return {"ERR_MEMORY", lack_of(*memory, message)};
  return of_torch ? of_libtorch(message) : Failure{"ERR_NATIVE", message};
}

}  // namespace

Failure describe(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const Error& error) {
    return {error.code(), error.what()};
  } catch (const std::exception& error) {
    return of_exception(error);
  } catch (...) {
    return {"ERR_NATIVE", "An exception of unknown type"};
  }
}

Napi::Error to_error(Napi::Env env, const Failure& failure) {
  Napi::Error error = Napi::Error::New(env, failure.message);
  error.Set("code", failure.code);
  return error;
}

}  // namespace sparring::bindings
