#include "bindings/contests.h"

#include "bindings/promise.h"
#include "core/contests/contest.h"

namespace sparring::bindings {
namespace {

// As in most of the benchmark's cases.
constexpr int64_t kBatch = 64;

// contests(): NativeContest[]
Napi::Value ListContests(const Napi::CallbackInfo& info) {
  const auto list = Napi::Array::New(info.Env());
  for (const Contest& one : contests(kBatch)) {
    const auto object = Napi::Object::New(info.Env());
    object.Set("group", one.group);
    object.Set("name", one.name);
    object.Set("flops", one.flops);
    list.Set(list.Length(), object);
  }
  return list;
}

Napi::Value to_list(Napi::Env env, const std::vector<double>& values) {
  const auto list = Napi::Array::New(env, values.size());
  for (uint32_t i = 0; i < values.size(); ++i) list.Set(i, values[i]);
  return list;
}

Napi::Value to_outcome(Napi::Env env, const Outcome& outcome) {
  const auto object = Napi::Object::New(env);
  object.Set("ours", to_list(env, outcome.ours));
  object.Set("theirs", to_list(env, outcome.theirs));
  object.Set("ourError", outcome.our_error);
  object.Set("theirError", outcome.their_error);
  return object;
}

// holdContest(place: number, turns: number, seconds: number): Promise<NativeOutcome>
Napi::Value HoldContest(const Napi::CallbackInfo& info) {
  const auto place = info[0].As<Napi::Number>().Uint32Value();
  const int64_t turns = info[1].As<Napi::Number>().Int64Value();
  const double seconds = info[2].As<Napi::Number>().DoubleValue();
  return run_async(
      info.Env(), [=] { return hold(contests(kBatch).at(place), turns, seconds); }, to_outcome);
}

}  // namespace

void InitContests(Napi::Env env, Napi::Object exports) {
  exports.Set("contests", Napi::Function::New<ListContests>(env, "contests"));
  exports.Set("holdContest", Napi::Function::New<HoldContest>(env, "holdContest"));
}

}  // namespace sparring::bindings
