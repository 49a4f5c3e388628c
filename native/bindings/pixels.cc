// What is done to pixels at once: a part of an array, or one image, at a time.
#include "bindings/errors.h"
#include "bindings/runtime.h"
#include "core/data/dataset.h"
#include "core/data/planes.h"
#include "core/data/rounding.h"
#include "core/error.h"
#include "core/options.h"

namespace sparring::bindings {
namespace {

// Where a call writes: it has to have room for as many values as there are.
template <class Array>
auto* room_for(const Napi::Value& values, const Napi::Value& to) {
  auto array = to.As<Array>();
  if (array.ElementLength() != values.As<Napi::TypedArray>().ElementLength()) {
    throw Error("ERR_NATIVE", "Expected as much room as there are values");
  }
  return array.Data();
}

// What `work(values, count)` returns, for the values of an array in their own precision.
template <class Array, class Work>
Napi::Value of_values(const Napi::Value& values, const Work& work) {
  const auto array = values.As<Array>();
  const auto count = static_cast<int64_t>(array.ElementLength());
  return Napi::Number::New(values.Env(), static_cast<double>(work(array.Data(), count)));
}

napi_typedarray_type type_of(const Napi::Value& values) {
  return values.As<Napi::TypedArray>().TypedArrayType();
}

// toLevels(values: Float32Array | Float64Array | Uint8Array, levels: Uint8Array, black: number,
//     white: number): number
Napi::Value ToLevels(const Napi::CallbackInfo& info) {
  const auto number = [&info](size_t i) { return info[i].As<Napi::Number>().DoubleValue(); };
  const auto rounded = [&info, range = Range{number(2), number(3)}](const auto* values,
                                                                    int64_t count) {
    return to_levels(values, count, range, room_for<Napi::Uint8Array>(info[0], info[1]));
  };
  return in_javascript(info.Env(), [&] {
    const napi_typedarray_type type = type_of(info[0]);
    if (type == napi_float32_array) return of_values<Napi::Float32Array>(info[0], rounded);
    if (type == napi_float64_array) return of_values<Napi::Float64Array>(info[0], rounded);
    return of_values<Napi::Uint8Array>(info[0], rounded);
  });
}

// toFinite(values: Float32Array | Float64Array, floats: Float32Array): number
Napi::Value ToFinite(const Napi::CallbackInfo& info) {
  const auto rounded = [&info](const auto* values, int64_t count) {
    return to_finite(values, count, room_for<Napi::Float32Array>(info[0], info[1]));
  };
  return in_javascript(info.Env(), [&] {
    const bool wide = type_of(info[0]) == napi_float64_array;
    return wide ? of_values<Napi::Float64Array>(info[0], rounded)
                : of_values<Napi::Float32Array>(info[0], rounded);
  });
}

// toPlanes(pixels: Uint8Array, planes: Uint8Array, channels: number): void
Napi::Value ToPlanes(const Napi::CallbackInfo& info) {
  in_javascript(info.Env(), [&] {
    auto pixels = info[0].As<Napi::Uint8Array>();
    const int64_t channels = info[2].As<Napi::Number>().Int64Value();
    const int64_t count = static_cast<int64_t>(pixels.ElementLength()) / channels;
    const auto on = [](uint8_t* memory, const Shape& shape) {
      return at::from_blob(memory, shape, at::TensorOptions(at::kByte));
    };
    fill_planes(on(room_for<Napi::Uint8Array>(info[0], info[1]), {1, channels, count, 1}),
                on(pixels.Data(), {1, count, 1, channels}));
  });
  return info.Env().Undefined();
}

}  // namespace

void InitPixels(Napi::Env env, Napi::Object exports) {
  exports.Set("toFinite", Napi::Function::New<ToFinite>(env, "toFinite"));
  exports.Set("toLevels", Napi::Function::New<ToLevels>(env, "toLevels"));
  exports.Set("toPlanes", Napi::Function::New<ToPlanes>(env, "toPlanes"));
}

}  // namespace sparring::bindings
