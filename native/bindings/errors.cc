#include "bindings/errors.h"

#include <c10/util/Exception.h>

#include "core/error.h"

namespace sparring::bindings {
namespace {

bool says_out_of_memory(const std::string& message) {
  return message.find("can't allocate memory") != std::string::npos ||
         message.find("out of memory") != std::string::npos;
}

}  // namespace

Failure describe(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const Error& error) {
    return {error.code(), error.what()};
  } catch (const c10::Error& error) {
    // what() would carry a C++ backtrace.
    const std::string message = error.what_without_backtrace();
    return {says_out_of_memory(message) ? "ERR_MEMORY" : "ERR_NATIVE", message};
  } catch (const std::bad_alloc&) {
    return {"ERR_MEMORY", "The process is out of memory"};
  } catch (const std::exception& error) {
    return {"ERR_NATIVE", error.what()};
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
