#include "bindings/explain.h"

#include "core/step/rewrites/halving_kernels.h"
#include "core/step/rewrites/same_conv_kernels.h"

namespace sparring::bindings {
namespace {

Napi::Value to_told(Napi::Env env, const std::string& text) { return Napi::String::New(env, text); }

Napi::Value to_told(Napi::Env env, const Refusal& refusal) {
  const auto object = Napi::Object::New(env);
  object.Set("rewrite", refusal.rewrite);
  object.Set("reason", refusal.reason);
  return object;
}

Napi::Value to_told(Napi::Env env, const RewriteName& rewrite) {
  const auto object = Napi::Object::New(env);
  object.Set("id", rewrite.id);
  object.Set("name", rewrite.name);
  return object;
}

Napi::Value to_told(Napi::Env env, const Operation& operation);

template <class T>
Napi::Value to_list(Napi::Env env, const std::vector<T>& values) {
  const auto array = Napi::Array::New(env, values.size());
  for (uint32_t i = 0; i < values.size(); ++i) array.Set(i, to_told(env, values[i]));
  return array;
}

Napi::Value to_told(Napi::Env env, const Operation& operation) {
  const auto object = Napi::Object::New(env);
  object.Set("layers", to_list(env, operation.layers));
  object.Set("rewrites", to_list(env, operation.rewrites));
  object.Set("refusals", to_list(env, operation.refusals));
  return object;
}

// tileProducts(rewrite: "halving" | "sameConv", batch: number, height: number, width: number):
// number
Napi::Value TileProducts(const Napi::CallbackInfo& info) {
  const auto whole = [&](size_t i) { return info[i].As<Napi::Number>().Int64Value(); };
  const bool halves = info[0].As<Napi::String>().Utf8Value() == "halving";
  const auto products = halves ? halving::products : same_conv::products;
  return Napi::Number::New(info.Env(), static_cast<double>(products(whole(1), whole(2), whole(3))));
}

}  // namespace

void InitExplain(Napi::Env env, Napi::Object exports) {
  exports.Set("tileProducts", Napi::Function::New<TileProducts>(env, "tileProducts"));
}

Napi::Value to_explanation(Napi::Env env, const Explanation& told) {
  const auto object = Napi::Object::New(env);
  object.Set("kind", told.kind);
  object.Set("onePass", told.one_pass);
  object.Set("rewrites", to_list(env, told.rewrites));
  object.Set("refusals", to_list(env, told.refusals));
  object.Set("generator", to_list(env, told.generator));
  object.Set("discriminator", to_list(env, told.discriminator));
  return object;
}

}  // namespace sparring::bindings
