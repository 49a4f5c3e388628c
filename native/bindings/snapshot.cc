#include "bindings/snapshot.h"

#include "bindings/convert.h"

namespace sparring::bindings {
namespace {

template <class Function>
void for_keys(const Napi::Object& object, const Function& function) {
  const Napi::Array keys = object.GetPropertyNames();
  for (uint32_t i = 0; i < keys.Length(); ++i) {
    function(keys.Get(i).As<Napi::String>().Utf8Value());
  }
}

// release(tensors: TensorData[]): void
void Release(const Napi::CallbackInfo& info) {
  const auto tensors = info[0].As<Napi::Array>();
  for (uint32_t i = 0; i < tensors.Length(); ++i) {
    const Napi::Value data = tensors.Get(i).As<Napi::Object>().Get("data");
    Napi::ArrayBuffer buffer = data.As<Napi::TypedArray>().ArrayBuffer();
    if (!buffer.IsDetached()) buffer.Detach();
  }
}

}  // namespace

Napi::Value to_snapshot(Napi::Env env, const Snapshot& snapshot) {
  const auto counts = Napi::Object::New(env), updates = Napi::Object::New(env);
  for (const auto& [name, count] : snapshot.counts) counts.Set(name, static_cast<double>(count));
  for (const auto& [player, each] : snapshot.parameter_updates) {
    updates.Set(player, to_numbers(env, each));
  }
  const auto object = Napi::Object::New(env);
  object.Set("tensors", to_tensors(env, snapshot.tensors));
  object.Set("counts", counts);
  object.Set("parameterUpdates", updates);
  object.Set("data", to_hex(env, snapshot.data));
  return object;
}

Snapshot from_snapshot(const Napi::Value& value) {
  const auto object = value.As<Napi::Object>();
  Snapshot snapshot;
  snapshot.tensors = from_tensors(object.Get("tensors"));
  const auto counts = object.Get("counts").As<Napi::Object>();
  for_keys(counts, [&](const std::string& name) {
    snapshot.counts[name] = counts.Get(name).As<Napi::Number>().Int64Value();
  });
  const auto updates = object.Get("parameterUpdates").As<Napi::Object>();
  for_keys(updates, [&](const std::string& player) {
    snapshot.parameter_updates[player] = to_shape(updates.Get(player));
  });
  snapshot.data = from_hex(object.Get("data"));
  return snapshot;
}

void InitSnapshot(Napi::Env env, Napi::Object exports) {
  exports.Set("release", Napi::Function::New<Release>(env, "release"));
}

}  // namespace sparring::bindings
