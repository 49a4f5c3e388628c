#pragma once

#include "bindings/wrap.h"
#include "core/distributed/group.h"

namespace sparring::bindings {

class GroupWrap : public Wrap<GroupWrap, Group> {
 public:
  static constexpr const char* kName = "group";
  static void Init(Napi::Env env, Napi::Object exports);
  explicit GroupWrap(const Napi::CallbackInfo& info);

 private:
  Napi::Value Abandon(const Napi::CallbackInfo& info);
  Napi::Value Gather(const Napi::CallbackInfo& info);
  Napi::Value Leave(const Napi::CallbackInfo& info);
};

}  // namespace sparring::bindings
