// What the wrapped classes share: type tags, native memory told to V8, idempotent disposal.
#pragma once

#include <memory>
#include <string>

#include "bindings/errors.h"
#include "bindings/promise.h"

namespace sparring::bindings {

// Drawn at load, so that two copies of the addon in one process never take each other's objects.
napi_type_tag make_type_tag();

// A JavaScript object that owns one `Owned` and gives it up on dispose() or collection.
template <class Self, class Owned>
class Wrap : public Napi::ObjectWrap<Self> {
 public:
  explicit Wrap(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Self>(info) {
    info.This().template As<Napi::Object>().TypeTag(&tag());
  }

  void Finalize(Napi::Env env) override { drop(env); }

  // The owned object, for a method of `Self`. Throws ERR_DISPOSED.
  const std::shared_ptr<Owned>& owned(Napi::Env env) const {
    if (owned_ == nullptr) {
      throw to_error(env, {"ERR_DISPOSED", std::string("This ") + Self::kName + " was disposed"});
    }
    return owned_;
  }

  static bool is(const Napi::Value& value) {
    return value.IsObject() && value.As<Napi::Object>().CheckTypeTag(&tag());
  }

  // The owned object of an argument: checks that it is a `Self` before touching its memory.
  static const std::shared_ptr<Owned>& of(const Napi::Value& value) {
    if (!is(value)) {
      throw Napi::TypeError::New(value.Env(), std::string("Expected a native ") + Self::kName);
    }
    return Self::Unwrap(value.As<Napi::Object>())->owned(value.Env());
  }

  Napi::Value Dispose(const Napi::CallbackInfo& info) {
    drop(info.Env());
    return info.Env().Undefined();
  }

 protected:
  void own(Napi::Env env, std::shared_ptr<Owned> owned, int64_t bytes) {
    owned_ = std::move(owned);
    bytes_ = bytes;
    Napi::MemoryManagement::AdjustExternalMemory(env, bytes_);
  }

 private:
  void drop(Napi::Env env) {
    if (owned_ == nullptr) return;
    Napi::MemoryManagement::AdjustExternalMemory(env, -bytes_);
    release_on_engine(env, owned_);
  }

  static const napi_type_tag& tag() {
    static const napi_type_tag value = make_type_tag();
    return value;
  }

  std::shared_ptr<Owned> owned_;
  int64_t bytes_ = 0;
};

}  // namespace sparring::bindings
