#include "bindings/feed.h"

#include "bindings/convert.h"

namespace sparring::bindings {
namespace {

Feed::Options to_options(const Napi::Object& object) {
  return {to_shape(object.Get("image")), to_whole(object, "batchSize"),
          to_whole(object, "shuffle"),   static_cast<uint64_t>(to_whole(object, "seed")),
          to_flag(object, "labelled"),   to_flag(object, "dropLast"),
          to_flag(object, "exact"),      to_flag(object, "channelsLast")};
}

Feed::Place to_place(const Napi::Object& object) {
  return {to_whole(object, "epoch"), to_whole(object, "batches"),
          static_cast<uint64_t>(to_whole(object, "trace"))};
}

int64_t bytes_of(const Feed::Options& options) {
  int64_t image = options.exact ? sizeof(float) : 1;
  for (const int64_t side : options.image) image *= side;
  return image * (options.shuffle + options.batch_size);
}

}  // namespace

// new (options: NativeFeedOptions, from: NativePlace) => NativeFeed
FeedWrap::FeedWrap(const Napi::CallbackInfo& info)
    : Wrap(info), options_(to_options(info[0].As<Napi::Object>())) {
  auto feed = in_javascript(info.Env(), [&] {
    return std::make_shared<Feed>(options_, to_place(info[1].As<Napi::Object>()));
  });
  own(info.Env(), std::move(feed), bytes_of(options_));
}

template <class Work>
void FeedWrap::change(Napi::Env env, const Work& work) {
  const auto& feed = owned(env);
  in_javascript(env, [&] { work(*feed); });
  Instance::of(env).engine().wake();
}

// push(images: Uint8Array | Float32Array, count: number, labels?: Uint8Array): void
Napi::Value FeedWrap::Push(const Napi::CallbackInfo& info) {
  const int64_t count = info[1].As<Napi::Number>().Int64Value();
  Shape shape{count};
  shape.insert(shape.end(), options_.image.begin(), options_.image.end());
  const at::Tensor images =
      options_.exact ? copy_floats(info[0], shape) : copy_bytes(info[0], shape);
  const at::Tensor labels = options_.labelled ? copy_bytes(info[2], {count}) : at::Tensor();
  change(info.Env(), [&](Feed& feed) { feed.push(images, labels); });
  return info.Env().Undefined();
}

// endEpoch(): void
Napi::Value FeedWrap::EndEpoch(const Napi::CallbackInfo& info) {
  change(info.Env(), [](Feed& feed) { feed.end_epoch(); });
  return info.Env().Undefined();
}

// close(): void
Napi::Value FeedWrap::Close(const Napi::CallbackInfo& info) {
  change(info.Env(), [](Feed& feed) { feed.close(); });
  return info.Env().Undefined();
}

// ahead(): number
Napi::Value FeedWrap::Ahead(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(owned(info.Env())->ahead()));
}

// identity(): string
Napi::Value FeedWrap::Identity(const Napi::CallbackInfo& info) {
  return to_hex(info.Env(), owned(info.Env())->identity());
}

// place(): NativePlace
Napi::Value FeedWrap::Place(const Napi::CallbackInfo& info) {
  const Feed::Place place = owned(info.Env())->place();
  const auto object = Napi::Object::New(info.Env());
  object.Set("epoch", static_cast<double>(place.epoch));
  object.Set("batches", static_cast<double>(place.batches));
  object.Set("trace", static_cast<double>(place.trace));
  return object;
}

// room(limit: number): Promise<void>
Napi::Value FeedWrap::Room(const Napi::CallbackInfo& info) {
  Instance& instance = Instance::of(info.Env());
  const auto deferred = Napi::Promise::Deferred::New(info.Env());
  // Keeps no event loop alive: a batch is only taken while a run is pending, which does.
  owned(info.Env())->when_below(info[0].As<Napi::Number>().Int64Value(), [&instance, deferred] {
    instance.settle([deferred](Napi::Env env) {
      const Napi::HandleScope scope(env);
      deferred.Resolve(env.Undefined());
    });
  });
  return deferred.Promise();
}

// release(): void
Napi::Value FeedWrap::Release(const Napi::CallbackInfo& info) {
  owned(info.Env())->release();
  return info.Env().Undefined();
}

void FeedWrap::Init(Napi::Env env, Napi::Object exports) {
  exports.Set("Feed", DefineClass(env, "Feed",
                                  {
                                      InstanceMethod<&FeedWrap::Ahead>("ahead"),
                                      InstanceMethod<&FeedWrap::Close>("close"),
                                      InstanceMethod("dispose", &FeedWrap::Dispose),
                                      InstanceMethod<&FeedWrap::EndEpoch>("endEpoch"),
                                      InstanceMethod<&FeedWrap::Identity>("identity"),
                                      InstanceMethod<&FeedWrap::Place>("place"),
                                      InstanceMethod<&FeedWrap::Push>("push"),
                                      InstanceMethod<&FeedWrap::Release>("release"),
                                      InstanceMethod<&FeedWrap::Room>("room"),
                                  }));
}

}  // namespace sparring::bindings
