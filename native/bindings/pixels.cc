// What is done to pixels at once: a part of an array, or one image, at a time.
#include "bindings/errors.h"
#include "bindings/runtime.h"
#include "core/data/planes.h"
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
  exports.Set("toPlanes", Napi::Function::New<ToPlanes>(env, "toPlanes"));
}

}  // namespace sparring::bindings
