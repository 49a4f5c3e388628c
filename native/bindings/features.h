#pragma once

#include "bindings/wrap.h"
#include "core/metrics/feature_network.h"

namespace sparring::bindings {

class FeatureNetworkWrap : public Wrap<FeatureNetworkWrap, FeatureNetwork> {
 public:
  static constexpr const char* kName = "feature network";
  // Adds the functions that promise one, and the training of classifiers, to `metrics`.
  static void Init(Napi::Env env, Napi::Object metrics);
  // new (network: External): only the functions that promise one make one.
  explicit FeatureNetworkWrap(const Napi::CallbackInfo& info);

 private:
  Napi::Value OfDataset(const Napi::CallbackInfo& info);
  Napi::Value OfGenerator(const Napi::CallbackInfo& info);
  Napi::Value OfImages(const Napi::CallbackInfo& info);
};

}  // namespace sparring::bindings
