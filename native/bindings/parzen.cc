#include "core/metrics/parzen.h"

#include "bindings/convert.h"
#include "bindings/metrics.h"
#include "bindings/promise.h"

namespace sparring::bindings {
namespace {

Napi::Object to_estimate(Napi::Env env, const ParzenWindow::Estimate& estimate) {
  const auto object = Napi::Object::New(env);
  object.Set("mean", estimate.mean);
  object.Set("standardError", estimate.standard_error);
  return object;
}

Napi::Value to_answer(Napi::Env env, const ParzenAnswer& answer) {
  const auto tried = Napi::Array::New(env, answer.tried.size());
  for (uint32_t i = 0; i < tried.Length(); ++i) tried.Set(i, to_estimate(env, answer.tried[i]));
  const auto object = Napi::Object::New(env);
  object.Set("tried", tried);
  object.Set("best", static_cast<double>(answer.best));
  object.Set("test", to_estimate(env, answer.test));
  return object;
}

std::vector<double> read_doubles(const Napi::Value& value) {
  const auto array = value.As<Napi::Float64Array>();
  return {array.Data(), array.Data() + array.ElementLength()};
}

// parzen(task: NativeParzenTask): Promise<NativeParzen>
Napi::Value Parzen(const Napi::CallbackInfo& info) {
  const auto given = info[0].As<Napi::Object>();
  const auto rows = [&given, dimensions = to_whole(given, "dimensions")](const char* key) {
    const Napi::Value values = given.Get(key);
    if (!values.IsTypedArray()) return at::Tensor();
    const auto length = static_cast<int64_t>(values.As<Napi::TypedArray>().ElementLength());
    return copy_floats(values, {length / dimensions, dimensions});
  };
  ParzenTask task{rows("samples"),
                  rows("validation"),
                  rows("test"),
                  {to_number(given, "black"), to_number(given, "white")},
                  read_doubles(given.Get("sigmas")),
                  to_flag(given, "clip")};
  return run_slices(info.Env(), ParzenSearch(std::move(task)), to_answer);
}

}  // namespace

void InitParzen(Napi::Env env, Napi::Object metrics) {
  metrics.Set("parzen", Napi::Function::New<Parzen>(env, "parzen"));
}

}  // namespace sparring::bindings
