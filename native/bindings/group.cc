#include "bindings/group.h"

#include "bindings/convert.h"

namespace sparring::bindings {
namespace {

using GroupPtr = std::shared_ptr<Group>;

Napi::Value wrap_group(Napi::Env env, const GroupPtr& group) {
  GroupPtr handed = group;
  return Instance::of(env).group_class.Value().New({Napi::External<GroupPtr>::New(env, &handed)});
}

Napi::Value from_texts(Napi::Env env, const std::vector<std::string>& texts) {
  const auto array = Napi::Array::New(env, texts.size());
  for (uint32_t i = 0; i < texts.size(); ++i) array.Set(i, texts[i]);
  return array;
}

// joinGroup(meeting: NativeMeeting): Promise<NativeGroup>
Napi::Value JoinGroup(const Napi::CallbackInfo& info) {
  const auto given = info[0].As<Napi::Object>();
  Meeting meeting{to_text(given, "host"), static_cast<uint16_t>(to_whole(given, "port")),
                  to_flag(given, "hasAgent"), to_text(given, "prefix")};
  GroupOptions options{to_whole(given, "rank"),
                       to_whole(given, "size"),
                       std::chrono::milliseconds(to_whole(given, "timeout")),
                       to_text(given, "greeting"),
                       Instance::of(info.Env()).ending(),
                       to_text(given, "failure")};
  return run_async(
      info.Env(),
      [meeting = std::move(meeting), options = std::move(options)] {
        return Group::join(meeting, options);
      },
      wrap_group);
}

}  // namespace

GroupWrap::GroupWrap(const Napi::CallbackInfo& info) : Wrap(info) {
  if (!info[0].IsExternal()) throw Napi::TypeError::New(info.Env(), "Expected joinGroup()");
  GroupPtr group = *info[0].As<Napi::External<GroupPtr>>().Data();
  info.This().As<Napi::Object>().Set("greetings", from_texts(info.Env(), group->greetings()));
  own(info.Env(), std::move(group), 0);
}

// gather(text: string, call: Call): Promise<string[]>
Napi::Value GroupWrap::Gather(const Napi::CallbackInfo& info) {
  const Call call = parse_call(info[1].As<Napi::String>().Utf8Value());
  return run_async(
      info.Env(),
      [group = owned(info.Env()), text = info[0].As<Napi::String>().Utf8Value(), call] {
        return group->gather(text, call);
      },
      from_texts);
}

// abandon(reason: string): Promise<void>
Napi::Value GroupWrap::Abandon(const Napi::CallbackInfo& info) {
  return run_async(
      info.Env(),
      [group = owned(info.Env()), reason = info[0].As<Napi::String>().Utf8Value()] {
        group->abandon(reason);
        return Nothing{};
      },
      to_undefined);
}

// dispose(): void. A trainer may go on holding the group; the others are told all the same.
Napi::Value GroupWrap::Leave(const Napi::CallbackInfo& info) {
  const GroupPtr group = owned(info.Env());
  group->stop_waiting();
  Instance::of(info.Env()).engine().post([group] {
    group->leave();
    return Engine::Then::kDone;
  });
  return Dispose(info);
}

void GroupWrap::Init(Napi::Env env, Napi::Object exports) {
  Instance::of(env).group_class = Napi::Persistent(DefineClass(
      env, "Group",
      {InstanceMethod<&GroupWrap::Abandon>("abandon"), InstanceMethod<&GroupWrap::Leave>("dispose"),
       InstanceMethod<&GroupWrap::Gather>("gather")}));
  exports.Set("joinGroup", Napi::Function::New<JoinGroup>(env, "joinGroup"));
}

}  // namespace sparring::bindings
