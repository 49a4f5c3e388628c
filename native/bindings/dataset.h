#pragma once

#include "bindings/wrap.h"
#include "core/data/dataset.h"

namespace sparring::bindings {

class DatasetWrap : public Wrap<DatasetWrap, const Dataset> {
 public:
  static constexpr const char* kName = "dataset";
  static void Init(Napi::Env env, Napi::Object exports);
  // new (dataset: External): only the functions that promise one make one.
  explicit DatasetWrap(const Napi::CallbackInfo& info);

 private:
  Napi::Value Fingerprint(const Napi::CallbackInfo& info);
  Napi::Value Part(const Napi::CallbackInfo& info);
  Napi::Value Read(const Napi::CallbackInfo& info);
};

}  // namespace sparring::bindings
