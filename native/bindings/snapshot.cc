#include "bindings/snapshot.h"

#include <cinttypes>

#include "bindings/convert.h"

namespace sparring::bindings {
namespace {

// 64 bits are more than a number of JavaScript holds.
std::string to_hex(uint64_t number) {
  char text[17];
  std::snprintf(text, sizeof text, "%016" PRIx64, number);
  return text;
}

Napi::Value to_numbers(Napi::Env env, const std::vector<int64_t>& values) {
  const auto array = Napi::Array::New(env, values.size());
  for (uint32_t i = 0; i < values.size(); ++i) array.Set(i, static_cast<double>(values[i]));
  return array;
}

template <class Function>
void for_keys(const Napi::Object& object, const Function& function) {
  const Napi::Array keys = object.GetPropertyNames();
  for (uint32_t i = 0; i < keys.Length(); ++i) {
    function(keys.Get(i).As<Napi::String>().Utf8Value());
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
  object.Set("data", to_hex(snapshot.data));
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
  snapshot.data = std::stoull(object.Get("data").As<Napi::String>().Utf8Value(), nullptr, 16);
  return snapshot;
}

}  // namespace sparring::bindings
