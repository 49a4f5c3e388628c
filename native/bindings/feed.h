#pragma once

#include "bindings/wrap.h"
#include "core/data/feed.h"

namespace sparring::bindings {

class FeedWrap : public Wrap<FeedWrap, Feed> {
 public:
  static constexpr const char* kName = "feed";
  static void Init(Napi::Env env, Napi::Object exports);
  explicit FeedWrap(const Napi::CallbackInfo& info);

 private:
  Napi::Value Ahead(const Napi::CallbackInfo& info);
  Napi::Value Close(const Napi::CallbackInfo& info);
  Napi::Value EndEpoch(const Napi::CallbackInfo& info);
  Napi::Value Identity(const Napi::CallbackInfo& info);
  Napi::Value Place(const Napi::CallbackInfo& info);
  Napi::Value Push(const Napi::CallbackInfo& info);
  Napi::Value Release(const Napi::CallbackInfo& info);
  Napi::Value Room(const Napi::CallbackInfo& info);

  // Does what may throw, and has those look again that wait for batches.
  template <class Work>
  void change(Napi::Env env, const Work& work);

  Feed::Options options_;
};

}  // namespace sparring::bindings
