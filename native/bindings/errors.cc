#include "bindings/errors.h"

#include <c10/util/Exception.h>

#include "core/error.h"

namespace sparring::bindings {
namespace {

// The allocators' own messages begin with a file and a line, and name no remedy.
Failure sort_libtorch(const std::string& message) {
  if (message.find("all elements of input should be between 0 and 1") != std::string::npos) {
    return {
        "ERR_DIVERGED",
        "Expected probabilities for the scores but received NaN: training has diverged; lower the "
        "learning rate"};
  }
  const bool host = message.find("can't allocate memory") != std::string::npos;
  if (!host && message.find("out of memory") == std::string::npos) return {"ERR_NATIVE", message};
  const size_t tried = message.find("you tried to allocate ");
  const std::string need =
      tried == std::string::npos
          ? ""
          : " (" + message.substr(tried, message.find(" bytes", tried) + 6 - tried) + ")";
  return {"ERR_MEMORY", std::string("Expected enough ") + (host ? "host" : "device") +
                            " memory for this work but it ran out" + need +
                            "; a smaller batch, image or network needs less"};
}

}  // namespace

Failure describe(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const Error& error) {
    return {error.code(), error.what()};
  } catch (const c10::Error& error) {
    // what() would carry a C++ backtrace.
    return sort_libtorch(error.what_without_backtrace());
  } catch (const std::bad_alloc&) {
    return {"ERR_MEMORY", "Expected enough host memory for this work but it ran out"};
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
