#include "bindings/metrics.h"

#include "bindings/convert.h"
#include "bindings/features.h"
#include "bindings/promise.h"
#include "core/metrics/frechet.h"
#include "core/metrics/kernel.h"
#include "core/metrics/neighbours.h"
#include "core/metrics/scores.h"

namespace sparring::bindings {
namespace {

at::Tensor copy_rows(const Napi::CallbackInfo& info, size_t index) {
  return copy_decimals(info[index], to_shape(info[index + 1]));
}

Napi::Value to_moments(Napi::Env env, const Moments& moments) {
  const auto object = Napi::Object::New(env);
  object.Set("mean", to_doubles(env, moments.mean));
  object.Set("covariance", to_doubles(env, moments.covariance));
  return object;
}

Moments copy_moments(const Napi::Value& value) {
  const auto object = value.As<Napi::Object>();
  const auto mean = object.Get("mean").As<Napi::TypedArray>();
  const auto width = static_cast<int64_t>(mean.ElementLength());
  return {copy_decimals(mean, {width}), copy_decimals(object.Get("covariance"), {width, width})};
}

// moments(features: Decimals, shape: number[]): Promise<NativeMoments>
Napi::Value MomentsOf(const Napi::CallbackInfo& info) {
  return run_slices(info.Env(), lazily([rows = copy_rows(info, 0)] { return MomentsOfRows(rows); }),
                    to_moments);
}

// frechetDistance(a: NativeMoments, b: NativeMoments): Promise<number>
Napi::Value FrechetDistanceOf(const Napi::CallbackInfo& info) {
  return run_slices(info.Env(), FrechetDistance(copy_moments(info[0]), copy_moments(info[1])),
                    to_value);
}

// kernelDistances(real: Decimals, realShape: number[], generated: Decimals,
//                 generatedShape: number[], options: NativeKernelOptions): Promise<Float64Array>
Napi::Value KernelDistancesOf(const Napi::CallbackInfo& info) {
  const auto given = info[4].As<Napi::Object>();
  const KernelOptions options{
      to_whole(given, "subsets"), to_whole(given, "subsetSize"),
      to_number(given, "degree"), to_number(given, "gamma"),
      to_number(given, "offset"), static_cast<uint64_t>(to_whole(given, "seed"))};
  return run_slices(info.Env(), KernelDistances(copy_rows(info, 0), copy_rows(info, 2), options),
                    to_doubles);
}

Napi::Value to_covering(Napi::Env env, const Covering& covering) {
  const auto object = Napi::Object::New(env);
  object.Set("precision", covering.precision);
  object.Set("recall", covering.recall);
  object.Set("density", covering.density);
  object.Set("coverage", covering.coverage);
  return object;
}

// neighbourhoods(real: Decimals, realShape: number[], generated: Decimals,
//                generatedShape: number[], neighbours: number): Promise<NativeCovering>
Napi::Value NeighbourhoodsOf(const Napi::CallbackInfo& info) {
  const int64_t k = info[4].As<Napi::Number>().Int64Value();
  return run_slices(info.Env(),
                    lazily([real = copy_rows(info, 0), generated = copy_rows(info, 2), k] {
                      return Neighbourhoods(real, generated, k);
                    }),
                    to_covering);
}

// inceptionScores(logits: Decimals, shape: number[], splits: number): Promise<Float64Array>
Napi::Value InceptionScores(const Napi::CallbackInfo& info) {
  const int64_t splits = info[2].As<Napi::Number>().Int64Value();
  return run_async(
      info.Env(),
      [logits = copy_rows(info, 0), splits] { return inception_scores(logits, splits); },
      to_doubles);
}

// classCounts(logits: Decimals, shape: number[]): Promise<Float64Array>
Napi::Value ClassCounts(const Napi::CallbackInfo& info) {
  return run_async(
      info.Env(), [logits = copy_rows(info, 0)] { return class_counts(logits); }, to_doubles);
}

}  // namespace

// Each is a function of `metrics`, NativeMetrics of lib/metrics/native.ts.
void InitMetrics(Napi::Env env, Napi::Object exports) {
  const auto metrics = Napi::Object::New(env);
  FeatureNetworkWrap::Init(env, metrics);
  metrics.Set("classCounts", Napi::Function::New<ClassCounts>(env, "classCounts"));
  metrics.Set("frechetDistance", Napi::Function::New<FrechetDistanceOf>(env, "frechetDistance"));
  metrics.Set("inceptionScores", Napi::Function::New<InceptionScores>(env, "inceptionScores"));
  metrics.Set("kernelDistances", Napi::Function::New<KernelDistancesOf>(env, "kernelDistances"));
  metrics.Set("moments", Napi::Function::New<MomentsOf>(env, "moments"));
  InitParzen(env, metrics);
  metrics.Set("neighbourhoods", Napi::Function::New<NeighbourhoodsOf>(env, "neighbourhoods"));
  exports.Set("metrics", metrics);
}

}  // namespace sparring::bindings
