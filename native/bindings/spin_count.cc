// How long OpenMP's threads spin before they sleep, where JavaScript cannot say it: libgomp reads
// the process's environment when it is loaded, and in a worker `process.env` is a copy. An addon of
// its own, as it has to come before libtorch.
#include <node_api.h>

#include <cstdlib>

namespace {

constexpr const char* kSpinCount = "GOMP_SPINCOUNT";

// begin(): boolean, whether it was not set before
napi_value Begin(napi_env env, napi_callback_info) {
  const bool is_ours = std::getenv(kSpinCount) == nullptr;
  if (is_ours) setenv(kSpinCount, "3000", /*overwrite=*/1);
  napi_value answer = nullptr;
  napi_get_boolean(env, is_ours, &answer);
  return answer;
}

// end(): void
napi_value End(napi_env, napi_callback_info) {
  unsetenv(kSpinCount);
  return nullptr;
}

}  // namespace

NAPI_MODULE_INIT() {
  const napi_property_descriptor functions[] = {
      {"begin", nullptr, Begin, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"end", nullptr, End, nullptr, nullptr, nullptr, napi_default, nullptr},
  };
  napi_define_properties(env, exports, 2, functions);
  return exports;
}
